import Glibc

/// Feeds damaged input to the places where text from outside enters Tessera. See Tests/Fuzz/README.md.
@main
struct FuzzCommand {
    static func main() {
        guard let options = FuzzOptions(Array(CommandLine.arguments.dropFirst())) else { usage() }
        let fronts = [
            ManifestFront.name, QueryFront.name, CSVFront.name, VCardFront.name, XLSXFront.name, MultipartFront.name,
            DeltaTokenFront.name, HTTPFront.name, BatchFront.name,
        ]
        guard fronts.contains(options.front) else { usage() }
        let isChild = options.page != nil
        switch options.front {
        case _ where options.replay == nil && !isChild: exit(FuzzWatch(options: options).run() == 0 ? 0 : 1)
        case ManifestFront.name: work(options, ManifestFront())
        case QueryFront.name: work(options, QueryFront())
        case CSVFront.name: work(options, CSVFront())
        case VCardFront.name: work(options, VCardFront())
        case XLSXFront.name: work(options, XLSXFront())
        case MultipartFront.name: work(options, MultipartFront())
        case DeltaTokenFront.name: work(options, DeltaTokenFront())
        case HTTPFront.name:
            guard let front = HTTPFront(options) else { usage() }
            work(options, front)
        case BatchFront.name:
            guard let front = BatchFront(options) else { usage() }
            work(options, front)
        default: usage()
        }
    }

    private static func work<Tested: Front>(_ options: FuzzOptions, _ front: Tested) {
        if let replay = options.replay {
            let inputs = FuzzFiles.list(replay)
            var front = front
            var isGood = true
            for path in inputs.isEmpty ? [replay] : inputs {
                guard let input = FuzzFiles.read(path) else { usage() }
                let outcome = front.run(input)
                print("\(path): \(outcome.shape)\n\(outcome.finding ?? "no finding")")
                isGood = isGood && outcome.finding == nil
            }
            exit(isGood ? 0 : 1)
        }
        guard let path = options.page, let page = SharedPage(path: path) else { usage() }
        var loop = FuzzLoop(options: options, page: page, front: front)
        loop.run()
    }

    private static func usage() -> Never {
        print(
            """
            Fuzz manifests|query|csv|vcard|xlsx|multipart|delta-tokens|http|batch [--minutes N] [--seed N] [--corpus DIR] [--work DIR] [--replay FILE]
              http and batch need --server HOST:PORT --token TOKEN --process PID of a running server
            """)
        exit(64)
    }
}
