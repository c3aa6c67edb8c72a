import Foundation

/// One command of a page, and the answer that the page shows.
struct DocumentationExample: Sendable {
    var line: Int
    var command: String
    /// Nil when the page shows none: then the command has to succeed.
    var answer: String?
}

/// A page of README, the SDK's or docs/, and what it tells the reader to type. docs/contributing.md has the convention.
struct DocumentationPage: Sendable, CustomStringConvertible {
    let name: String
    let examples: [DocumentationExample]

    var description: String { name }

    /// The pages that have examples.
    static let all: [DocumentationPage] = {
        let docs = (try? FileManager.default.contentsOfDirectory(atPath: "\(Program.root)/docs")) ?? []
        let names = ["README.md", "sdk/README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
        return names.compactMap { name in
            guard let text = try? String(contentsOfFile: "\(Program.root)/\(name)", encoding: .utf8) else { return nil }
            let page = DocumentationPage(name: name, text: text)
            return page.examples.isEmpty ? nil : page
        }
    }()

    init(name: String, text: String) {
        self.name = name
        var examples: [DocumentationExample] = []
        var fence: (kind: String, line: Int, lines: [String])?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            if let open = fence {
                if line == "```" {
                    examples += Self.examples(of: open.kind, open.lines, from: open.line)
                    fence = nil
                } else {
                    fence?.lines.append(line)
                }
            } else if line.hasPrefix("```") {
                fence = (String(line.dropFirst(3)), index + 2, [])
            }
        }
        self.examples = examples
    }

    private static func examples(of kind: String, _ lines: [String], from first: Int) -> [DocumentationExample] {
        switch kind {
        case "sh": [DocumentationExample(line: first, command: lines.joined(separator: "\n"), answer: nil)]
        case "console": console(lines, from: first)
        default: []
        }
    }

    /// `$ ` begins a command, `> ` goes on with it, everything else is the answer.
    private static func console(_ lines: [String], from first: Int) -> [DocumentationExample] {
        var examples: [DocumentationExample] = []
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("$ ") {
                examples.append(DocumentationExample(line: first + index, command: String(line.dropFirst(2)), answer: nil))
            } else if !examples.isEmpty {
                let last = examples.count - 1
                if line.hasPrefix("> "), examples[last].answer == nil {
                    examples[last].command += "\n" + line.dropFirst(2)
                } else {
                    examples[last].answer = (examples[last].answer.map { $0 + "\n" } ?? "") + line
                }
            }
        }
        return examples
    }
}
