import Catalog
import NIOHTTP1
import Permissions
import QueryLanguage
import Records
import Transfer

/// GET of a collection as CSV: all of its pages in one answer, made while the client takes it.
extension Call {
    func export(_ type: ApiType) throws -> ServerResponse {
        try options.allow(["filter", "search", "orderby", "top", "skip"], of: "A collection as CSV")
        let query = try query(type.shape.shape) ?? CheckedQuery(shape: type.shape.shape)
        try access.require(.export, on: type.record)
        let request = ListRequest(type: type.record, query: query, includeDeleted: options.includeDeleted, purpose: .export)
        let exporter = Exporter(store: store, type: type.record, access: access)
        let stream = ResponseStream { writer in
            _ = try await exporter.run(request) {
                try await writer.write($0)
            } progress: { _ in
            }
        }
        let headers = [
            ("content-type", "text/csv;charset=utf-8;header=present"),
            ("content-disposition", "attachment; filename=\"\(type.collection).csv\""),
            ("odata-version", negotiation.versionHeader), ("vary", "Accept"),
        ]
        return ServerResponse(.ok, headers: headers, body: .stream(stream))
    }
}
