import ArgumentParser

/// How output that is data is written.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "text for people, json for programs.")
    var output = Format.text

    var isJSON: Bool { output == .json }
}
