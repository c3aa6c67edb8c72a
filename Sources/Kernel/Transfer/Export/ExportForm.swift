import Catalog
import QueryLanguage
import Records

/// The formats that records are written in.
package enum ExportFormat: Sendable, Hashable {
    case csv, xlsx
    case vcard(VCard.Version)

    /// `csv`, `xlsx`, `vcard` (4.0), `vcard-3.0`, `vcard-2.1`.
    package init?(_ name: String) {
        switch name {
        case "csv": self = .csv
        case "xlsx": self = .xlsx
        case "vcard": self = .vcard(.v4_0)
        default:
            guard name.hasPrefix("vcard-"), let version = VCard.Version(rawValue: String(name.dropFirst(6))) else { return nil }
            self = .vcard(version)
        }
    }

    package static let names = ["csv", "xlsx", "vcard", "vcard-3.0", "vcard-2.1"]
}

/// Records being written in one format.
protocol ExportForm {
    /// Links whose targets are written too, and what to select of them.
    var expansions: [(field: Field, selection: String)] { get }

    mutating func add(_ record: [String: Value]) async throws

    /// Bytes that are ready to go out; nil when there are none yet. At the end it is asked until nil comes.
    mutating func take(atEnd: Bool) throws -> [UInt8]?
}

/// About as much as is written at once.
let exportPiece = 64 * 1024

struct CSVExport: ExportForm {
    let columns: [ExportColumn]
    let expansions: [(field: Field, selection: String)]
    private var writer = CSVWriter()

    init(_ columns: [ExportColumn]) {
        self.columns = columns
        expansions = columns.compactMap(\.expansion)
        writer.row(columns.map(\.header))
    }

    mutating func add(_ record: [String: Value]) {
        for column in columns { writer.field(column.cell(record)) }
        writer.endRow()
    }

    mutating func take(atEnd: Bool) -> [UInt8]? { writer.count > (atEnd ? 0 : exportPiece) ? writer.take() : nil }
}

struct VCardExport: ExportForm {
    private let form: VCardForm
    private let files: ExportedFiles?
    private var writer: VCardWriter

    init(_ form: VCardForm, files: ExportedFiles?, version: VCard.Version) {
        self.form = form
        self.files = files
        writer = VCardWriter(version: version)
    }

    var expansions: [(field: Field, selection: String)] { form.expansions }

    mutating func add(_ record: [String: Value]) async throws {
        let files = try await files?.files(of: record, form.places.map(\.field).filter(\.isFile)) ?? [:]
        writer.card(form.card(of: record, files: files, version: writer.version))
    }

    mutating func take(atEnd: Bool) -> [UInt8]? { writer.count > (atEnd ? 0 : exportPiece) ? writer.take() : nil }
}
