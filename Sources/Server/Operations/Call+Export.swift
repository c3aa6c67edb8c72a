import Catalog
import NIOHTTP1
import Permissions
import QueryLanguage
import Records
import Transfer

/// GET of a collection as a file: CSV, a workbook or vCards. All of its pages in one answer, made while the client takes it.
extension Call {
    /// The format of the file that is asked for; nil when JSON is.
    var exportFormat: ExportFormat? {
        get throws(APIError) {
            switch negotiation.representation {
            case .csv: return .csv
            case .workbook: return .xlsx
            case .cards:
                guard let version = negotiation.cardVersion else { return ExportFormat("vcard") }
                guard let format = ExportFormat("vcard-\(version)") else {
                    throw APIError(
                        .notAcceptable, "odata.not_acceptable", "vCards are served in the versions 4.0, 3.0 and 2.1.", target: "Accept")
                }
                return format
            case .json, .xml, .text, .events: return nil
            }
        }
    }

    func export(_ type: ApiType, as exported: ExportFormat) throws -> ServerResponse {
        try options.allow(
            ["filter", "search", "orderby", "select", "expand", "top", "skip", "include_deleted"], of: "A collection as a file")
        let query = try query(type.shape.shape) ?? CheckedQuery(shape: type.shape.shape)
        try access.require(.export, on: type.record)
        let request = ListRequest(type: type.record, query: query, includeDeleted: options.includeDeleted, purpose: .export)
        let exporter = Exporter(store: store, type: type.record, access: access, format: exported, files: files)
        var stream = ResponseStream { writer in
            _ = try await exporter.run(request) {
                try await writer.write($0)
            } progress: { _ in
                writer.makesProgress()
            }
        }
        stream.readsDatabase = true
        let headers = [
            ("content-type", exported.contentType),
            ("content-disposition", "attachment; filename=\"\(type.collection).\(exported.nameEnding)\""),
            ("odata-version", negotiation.versionHeader),
        ]
        return ServerResponse(.ok, headers: headers, body: .stream(stream))
    }
}

extension ExportFormat {
    fileprivate var contentType: String {
        switch self {
        case .csv: "text/csv;charset=utf-8;header=present"
        case .xlsx: Negotiation.Representation.workbook.mediaTypes[0]
        // vCard 2.1 and 3.0 came before the type was registered with its parameter (RFC 6350 section 10.1).
        case .vcard(let version): "text/vcard;charset=utf-8;version=\(version.rawValue)"
        }
    }

    fileprivate var nameEnding: String {
        switch self {
        case .csv: "csv"
        case .xlsx: "xlsx"
        case .vcard: "vcf"
        }
    }
}
