/// Makes new inputs from known ones: damage of bytes, words of the grammar, pieces of other inputs, and now and then a text of words alone.
struct Mutator {
    let words: [[UInt8]]
    let longest: Int

    private static let numbers = [
        "0", "-1", "1", "127", "128", "255", "256", "32768", "65536", "2147483647", "2147483648", "-2147483649", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e308",
        "1e-400",
        "99999999999999999999999999999999999999", "0.1", "1e999999999", "00", "0x10",
    ].map { Array($0.utf8) }
    private static let bytes: [[UInt8]] = [
        [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80, 0xA8], [0xEF, 0xBB, 0xBF], [0xCC, 0x81],
        [0x7F], [0x85],
        Array("e\u{301}".utf8), Array("\u{1F469}\u{200D}\u{1F680}".utf8), Array("ẞİﬀ".utf8), [0x0D], [0x0A], [0x0D, 0x0A], [0x09], [0x20],
    ]

    init(dictionary: [String], longest: Int) {
        words = dictionary.map { Array($0.utf8) }
        self.longest = longest
    }

    func input(from corpus: [[UInt8]], _ random: inout FuzzRandom) -> [UInt8] {
        if random.chance(8) || corpus.isEmpty { return sentence(&random) }
        var input = random.pick(corpus) ?? []
        for _ in 0...random.below(random.chance(70) ? 3 : 12) { mutate(&input, corpus, &random) }
        if input.count > longest { input.removeSubrange(longest...) }
        return input
    }

    private func sentence(_ random: inout FuzzRandom) -> [UInt8] {
        var input: [UInt8] = []
        for _ in 0...random.below(40) {
            input += random.pick(words) ?? []
            if random.chance(40) { input.append(0x20) }
        }
        return input
    }

    private func mutate(_ input: inout [UInt8], _ corpus: [[UInt8]], _ random: inout FuzzRandom) {
        let place = random.below(input.count + 1)
        let end = min(input.count, place + random.below(random.chance(80) ? 16 : 400))
        switch random.below(12) {
        case 0: input.removeSubrange(place..<end)
        case 1: input.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 2: if place < input.count { input[place] ^= 1 << UInt8(random.below(8)) }
        case 3, 4, 5: input.insert(contentsOf: random.pick(words) ?? [], at: place)
        case 6: input.replaceSubrange(place..<end, with: random.pick(words) ?? [])
        case 7: input.insert(contentsOf: input[place..<end], at: random.below(input.count + 1))
        case 8:
            let other = random.pick(corpus) ?? []
            let from = random.below(other.count + 1)
            input.insert(contentsOf: other[from..<min(other.count, from + random.below(200))], at: place)
        case 9: replaceNumber(&input, from: place, &random)
        case 10: input.insert(contentsOf: random.pick(Self.bytes) ?? [], at: place)
        default:
            if random.chance(30) {
                nest(&input, at: place, &random)
            } else if random.chance(20) {
                input.removeSubrange(place...)
            } else if let word = random.pick(words) {
                for _ in 0..<random.below(20) { input.insert(contentsOf: word, at: place) }
            }
        }
    }

    private func replaceNumber(_ input: inout [UInt8], from place: Int, _ random: inout FuzzRandom) {
        guard let start = input[place...].firstIndex(where: { $0 &- 48 < 10 }) else { return }
        let end = input[start...].firstIndex { $0 &- 48 >= 10 } ?? input.count
        input.replaceSubrange(start..<end, with: random.pick(Self.numbers) ?? [])
    }

    /// Depth is what ends recursive readers.
    private func nest(_ input: inout [UInt8], at place: Int, _ random: inout FuzzRandom) {
        let pairs = [
            ("(", ")"), ("[", "]"), ("{", "}"), ("not (", ")"), ("- ", ""), ("{\"a\":", "}"), ("\"", "\""), ("a/any(x:", ")"), ("- - ", ""),
        ]
        guard let (open, close) = random.pick(pairs) else { return }
        let depth = 1 + random.below(random.chance(80) ? 80 : 4000)
        let middle = Array(String(repeating: open, count: depth).utf8) + Array(String(repeating: close, count: depth).utf8)
        input.insert(contentsOf: middle, at: place)
    }
}
