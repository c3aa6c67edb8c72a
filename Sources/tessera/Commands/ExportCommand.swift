import ArgumentParser
import Glibc
import Synchronization
import Transfer

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write records as CSV, a workbook (XLSX) or vCards.",
        discussion: """
            Streams what a filter selects, with the columns that an import of the same collection reads back.

              tessera export people > people.csv
              tessera export people --format vcard --file people.vcf
              tessera export "organisations?filter=kind eq 'customer'&orderby=name" --file customers.csv
              tessera export people --server https://crm.example.org --file people.csv
            """)

    @OptionGroup var source: SourceOptions

    @Argument(help: "A collection, with a filter and an order where wanted.")
    var query: String

    @Option(help: ArgumentHelp("csv, xlsx, vcard (4.0), vcard-3.0 or vcard-2.1.", valueName: "format"))
    var format = "csv"

    @Option(help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"))
    var file: String?

    func validate() throws {
        guard ExportFormat(format) != nil else {
            throw ValidationError("--format takes \(ExportFormat.names.joined(separator: ", ")), not '\(format)'")
        }
    }

    func run() async throws {
        try await reportingFailures {
            if let file { try TextFile.requireApart(file, from: source.inputs, option: "--file") }
            let sink = ExportSink(file)
            try await source.backend().export(query, format: format, display: ProgressDisplay()) { try sink.write($0) }
            try sink.finish()
        }
    }
}

/// Where an export goes. A file is made when its first bytes come, so that an export that is refused leaves what was there.
private final class ExportSink: Sendable {
    private let file: String?
    private let descriptor: Mutex<Int32?>

    init(_ file: String?) {
        self.file = file
        descriptor = Mutex(file == nil ? STDOUT_FILENO : nil)
    }

    deinit {
        descriptor.withLock { if file != nil, let open = $0 { close(open) } }
    }

    func write(_ bytes: [UInt8]) throws {
        try descriptor.withLock { descriptor in
            if descriptor == nil, let file { descriptor = try TextFile.create(file, mode: 0o600) }
            if let descriptor { try Console.write(bytes, to: descriptor, name: file ?? "standard output") }
        }
    }

    /// An export without a byte is an empty file.
    func finish() throws { try write([]) }
}
