import ArgumentParser
import Catalog
import Files
import Glibc
import QueryLanguage
import Records
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
            """)

    @OptionGroup var options: DeploymentOptions

    @Argument(help: "A collection, with a filter and an order where wanted.")
    var query: String

    @Option(help: ArgumentHelp("csv, xlsx, vcard (4.0), vcard-3.0 or vcard-2.1.", valueName: "format"))
    var format = "csv"

    @Option(help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"))
    var file: String?

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            guard let format = ExportFormat(format) else {
                throw Failure(.wrongInput, "there is no format '\(format)'; there is \(ExportFormat.names.joined(separator: ", "))")
            }
            try await DirectStore.with(options, deployment: deployment) { store in
                let list = try ListQuery(query, store: store)
                guard list.query.apply == nil else {
                    throw Failure(.wrongInput, "an export is made of records; ask the API for groups, or leave out apply")
                }
                let descriptor = try openOutput()
                defer { if file != nil { close(descriptor) } }
                var progress = Progress(label: list.type.labelPlural.lowercased(), total: nil)
                let files =
                    if case .vcard = format { try FileSettings.open(options, records: store, logger: CommandLog.quiet) } else {
                        nil as FileStore?
                    }
                let exporter = Exporter(store: store, type: list.type, access: .commandLine, format: format, files: files)
                let count = try await exporter.run(ListRequest(type: list.type, query: list.query)) { bytes in
                    try Console.write(bytes, to: descriptor)
                } notice: {
                    Console.note($0)
                } progress: {
                    progress.show($0)
                }
                progress.advance(by: count - progress.done)
                progress.finish()
            }
        }
    }

    private func openOutput() throws -> Int32 {
        guard let file else { return STDOUT_FILENO }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.wrongInput, "\(file) can't be written: \(String(cString: strerror(errno)))") }
        return descriptor
    }
}
