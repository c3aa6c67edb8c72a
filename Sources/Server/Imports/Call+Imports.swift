import Catalog
import Files
import JSONReading
import Jobs
import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records
import Transfer

/// Imports over the API: of a file that the request brings in a form, or of one that was uploaded before.
extension Call {
    /// The part of a form that holds the options.
    static let importOptions = "options"

    /// `POST /api/imports`: 202 with the address of the job that brings the file in.
    func beginImport(_ body: ByteBuffer) async throws -> ServerResponse {
        guard method == .POST else { throw APIError.methodNotAllowed("POST") }
        try options.allow(["dry_run"], of: "imports")
        let (order, file) = try await importOrder(body)
        try access.require(.importing, on: order.type)
        let id = try await jobs.enqueue(
            kind: ImportJob.kind, label: changeSet.label ?? "import \(file.name)",
            input: ImportJob.input(order, file: file, isRehearsal: options.dryRun),
            key: ImportJob.key(order, file: file, isRehearsal: options.dryRun), file: file.id, access: access)
        return accepted(id, preference: false)
    }

    /// `POST /api/imports/plan`: what an import of the file would do with its columns; nothing is imported.
    func planImport(_ body: ByteBuffer) async throws -> ServerResponse {
        guard method == .POST else { throw APIError.methodNotAllowed("POST") }
        try options.allow([], of: "imports/plan")
        let (order, file) = try await importOrder(body)
        try access.require(.importing, on: order.type)
        let plan = try await files.lend(file) { path in try await order.plan(path, name: file.name, catalog: model.catalog) }
        return response(.ok, json: Array(plan.value(of: file, for: order).json.utf8))
    }

    /// Options and file, from a form that is read while it arrives, or from JSON that names an uploaded file.
    private func importOrder(_ body: ByteBuffer) async throws -> (ImportOrder, StoredFile) {
        guard upload != nil else {
            var negotiation = negotiation
            try negotiation.readContentType(of: request)
            let order = try importOrder(Array(body.readableBytesView))
            guard let id = order.file else {
                throw ImportOrder.bad(
                    "An import needs a file: file_id names an uploaded one, a form (multipart/form-data) brings one.",
                    ImportOrder.fileMember)
            }
            guard let file = try await files.file(id, access: access) else {
                throw APIError(
                    .badRequest, FilesError.Code.notFound.description, "There is no uploaded file \(id) for you; upload it first.",
                    target: ImportOrder.fileMember)
            }
            return (order, file)
        }
        guard isForm else {
            throw APIError(
                .unsupportedMediaType, "odata.unsupported_content_type",
                "An import is a form (multipart/form-data) with the parts options and file, or JSON that names an uploaded file.",
                target: "Content-Type")
        }
        var order: ImportOrder?
        let file = try await receive { name, bytes in
            if name == Self.importOptions { order = try importOrder(bytes) }
        }
        guard let order else { throw ImportOrder.bad("The form has no part 'options' with the JSON of the import.", Self.importOptions) }
        guard order.file == nil else {
            throw ImportOrder.bad("A form brings its file; leave file_id out, or send JSON alone.", ImportOrder.fileMember)
        }
        return (order, file)
    }

    private func importOrder(_ bytes: [UInt8]) throws(APIError) -> ImportOrder {
        var decoder = RecordDecoder(bytes)
        let value = try decoder.whole { (decoder) throws(JSONSyntaxError) in try decoder.reader.readValue() }
        return try ImportOrder(value, catalog: model.catalog)
    }
}
