import Glibc

/// What the command line says.
struct FuzzOptions {
    var front = ""
    var minutes = 1.0
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    /// `Tests/Fuzz/Corpus`: a folder for each front, committed.
    var corpus = "Tests/Fuzz/Corpus"
    /// Where inputs with new answers and findings go.
    var work = ".build/fuzz"
    /// Of the HTTP front: `127.0.0.1:8080`, its token, its process.
    var server = ""
    var token = ""
    var process: pid_t = 0
    /// One input to feed and report, or a folder of them, instead of a run.
    var replay: String?
    /// The page that a child shares with its parent.
    var page: String?

    var corpusFolder: String { "\(corpus)/\(front)" }
    var keptFolder: String { "\(work)/\(front)/kept" }
    var findingsFolder: String { "\(work)/\(front)/findings" }

    init?(_ words: [String]) {
        guard let first = words.first else { return nil }
        front = first
        var rest = words.dropFirst()
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch name {
            case "--minutes": minutes = Double(value).flatMap { $0 > 0 && $0 < 100_000 ? $0 : nil } ?? 1
            case "--seed": seed = UInt64(value) ?? seed
            case "--corpus": corpus = value
            case "--work": work = value
            case "--server": server = value
            case "--token": token = value
            case "--process": process = pid_t(value) ?? 0
            case "--replay": replay = value
            case "--page": page = value
            default: return nil
            }
        }
    }

    func childArguments(minutes: Double, seed: UInt64, page: String) -> [String] {
        [
            front, "--minutes", "\(minutes)", "--seed", "\(seed)", "--corpus", corpus, "--work", work, "--server", server, "--token", token,
            "--process", "\(process)", "--page", page,
        ]
    }
}
