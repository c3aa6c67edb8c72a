import ArgumentParser
import Manifests
import QueryLanguage

/// How output that is data is written.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "text for people, json for programs.")
    var output = Format.text

    var isJSON: Bool { output == .json }

    /// What `read` gives. Programs read what is wrong with manifests where they read everything else.
    func load(_ read: () throws -> Deployment) throws -> Deployment {
        do {
            return try read()
        } catch let failure as Failure where isJSON && !failure.findings.isEmpty {
            Console.print(Value.complex(["errors": .collection(failure.findings.map(\.value))]).json)
            throw failure.code
        }
    }
}

extension Diagnostic {
    fileprivate var value: Value {
        .complex([
            "code": .string(code.rawValue), "file": .string(location.file), "line": .integer(Int64(location.line)),
            "column": .integer(Int64(location.column)), "key_path": .string(keyPath), "message": .string(message),
            "suggestion": suggestion.map { .string($0) } ?? .null,
        ])
    }
}
