import Glibc

/// What the child does: mutate, feed, keep what is new, until the time is over.
struct FuzzLoop<Tested: Front> {
    private static var mostKept: Int { 4000 }

    let options: FuzzOptions
    let page: SharedPage
    var front: Tested

    mutating func run() {
        var random = FuzzRandom(seed: options.seed)
        let mutator = Mutator(dictionary: Tested.dictionary, longest: Tested.longestInput)
        var corpus: [[UInt8]] = []
        var shapes: Set<String> = []
        for path in FuzzFiles.list(options.corpusFolder) + FuzzFiles.list(options.keptFolder).prefix(Self.mostKept / 2) {
            guard let input = FuzzFiles.read(path), input.count <= Tested.longestInput else { continue }
            corpus.append(input)
            shapes.insert(feed(input))
        }
        let seeds = corpus
        let end = ContinuousClock.now + .milliseconds(Int(options.minutes * 60_000))
        while ContinuousClock.now < end {
            for _ in 0..<16 {
                let input = mutator.input(from: random.chance(30) ? seeds : corpus, &random)
                let shape = feed(input)
                // Once nothing more is kept, nothing more is remembered: memory that grows is then the front's.
                guard corpus.count < Self.mostKept, shapes.insert(shape).inserted else { continue }
                corpus.append(input)
                page[.kept] += 1
                FuzzFiles.write(input, to: "\(options.keptFolder)/\(FuzzFiles.name(of: input))")
            }
        }
    }

    private mutating func feed(_ input: [UInt8]) -> String {
        page.input = input
        let outcome = front.run(input)
        page[.runs] += 1
        if let finding = outcome.finding {
            let path = "\(options.findingsFolder)/\(FuzzFiles.name(of: Array(finding.withoutDetails.utf8)))"
            if FuzzFiles.read(path) == nil {
                page[.findings] += 1
                print("\(Tested.name): \(finding)\n  input: \(path)")
                fflush(nil)
                FuzzFiles.write(input, to: path)
            }
        }
        return outcome.shape
    }
}
