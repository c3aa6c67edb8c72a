import Glibc
import Manifests
import Testing

/// SplitMix64, so that a printed seed gives the same run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// With TESSERA_FUZZ_SECONDS set the loop runs so long instead of 3000 rounds, and each file is written to TESSERA_FUZZ_INPUT before it is read, so
/// that one that ends the process is found there.
@Suite("Damaged files") struct MutationTests {
    @Test("give findings in their own file or none, whatever is damaged")
    func mutations() {
        let seed = UInt64.random(in: 0 ... .max)
        print("mutation seed: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let files = CorpusFile.all("accept") + CorpusFile.all("reject")
        let seconds = setting("TESSERA_FUZZ_SECONDS").flatMap { Double($0) }
        let start = ContinuousClock.now
        var round = 0
        while seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? (round < 3000) {
            round += 1
            guard let file = files.randomElement(using: &generator), let other = files.randomElement(using: &generator) else { return }
            var bytes = file.source.bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) { damage(&bytes, with: other.source.bytes, &generator) }
            if let path = setting("TESSERA_FUZZ_INPUT") { keep(bytes, at: path) }
            let source = ManifestSource(path: "f.yaml", bytes: bytes)
            let findings =
                ModuleManifest.parse(source).diagnostics + DeploymentManifest.parse(source).diagnostics + Overlay.parse(source).diagnostics
                + ManifestLock.parse(source).diagnostics
            for finding in findings {
                #expect(
                    finding.location.file == "f.yaml" && finding.location.line >= 1 && finding.location.column >= 1,
                    "seed \(seed), round \(round)")
                #expect(!finding.message.isEmpty && !finding.description.contains("\n"), "seed \(seed), round \(round): \(finding)")
            }
            let result = Composer(
                files: .memory(["d.yaml": Self.deployment, "manifests/contacts.yaml": String(decoding: bytes, as: UTF8.self)])
            )
            .compose("d.yaml")
            #expect(result.composition != nil || !result.diagnostics.isEmpty, "seed \(seed), round \(round)")
        }
        print("mutation rounds: \(round)")
    }

    private func setting(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private func keep(_ bytes: [UInt8], at path: String) {
        guard let file = fopen(path, "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    private static let deployment =
        "deployment: 1\nname: d\nmodules: { shop: {} }\noverlay: { extends: { shop.order: { labels: { name: N } } } }\n"
    private static let pieces = [
        "{", "}", "[", "]", ":", ": ", ",", "- ", "\n", "\n  ", "\"", "'", "|", ">", "&a ", "*a", "!!x ", "<<: ", "? ", "#", "%", "@",
        "---\n", "\t", "\u{0}",
        "\u{feff}", "\u{2028}", "~", "null", "true", "1e999", "-", "99999999999999999999", "0x1f", "type: link", "x-y: ", "é", "\u{1F600}",
    ]

    private func damage(_ bytes: inout [UInt8], with other: [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 0...20, using: &generator))
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 2: bytes.insert(contentsOf: Array((Self.pieces.randomElement(using: &generator) ?? "").utf8), at: place)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4:
            let from = Int.random(in: 0...other.count, using: &generator)
            bytes.insert(contentsOf: other[from..<min(other.count, from + 40)], at: place)
        default: bytes = Array(bytes[..<place])
        }
    }
}
