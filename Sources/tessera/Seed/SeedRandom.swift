/// Random numbers that are the same for the same seed on every machine (SplitMix64, Steele et al. 2014).
struct SeedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, row: Int) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(row)) &* 0xBF58_476D_1CE4_E5B9
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }

    /// One of the words, early ones far more often: names are spread like that.
    mutating func skewed(_ words: [String]) -> String {
        let unit = Double(next() >> 11) / Double(1 << 53)
        return words[min(words.count - 1, Int(unit * unit * unit * Double(words.count)))]
    }

    mutating func pick(_ words: [String]) -> String { words[Int(next() % UInt64(words.count))] }
}
