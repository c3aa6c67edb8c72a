import Catalog
import Files
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Files on their way in: alone (`POST /api/files`), or as the value of a record's property (`PUT …/photo/$value`).
extension Call {
    /// What surrounds a file in a form.
    static let formOverhead = 65_536

    /// Whether this request's body is a file, to be read while it arrives.
    func takesFile(_ resource: Resource) -> Bool {
        switch resource {
        case .files: method == .POST
        case .platform(let resource): method == .POST && resource.takesForm && !isJSON
        case .record(_, _, let tail): method == .PUT && tail.isStream
        default: false
        }
    }

    /// POST of a file: 201 with what is known of it.
    func upload() async throws -> ServerResponse {
        guard method == .POST else { throw APIError.methodNotAllowed("POST") }
        try options.allow(["name"], of: "A new file")
        let file = try await receive()
        let address = "\(root)/files(\(file.id))"
        return response(.created, json: description(of: file), [("location", address), ("etag", Self.etag(file))])
    }

    /// PUT of a file as the value of a property.
    func setStream(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        try options.allow(["name"], of: "A file")
        let preconditions = try Preconditions(request)
        // A record that isn't there, or can't be changed without its version, is told before its file is sent.
        if type.record.requiresIfMatch, preconditions.ifMatch == nil { throw RecordsError.preconditionRequired(type.record) }
        _ = try await stored(type, key)
        let file = try await receive()
        return try await write(.guid(file.id), to: property, type, key, preconditions)
    }

    func clearStream(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        try options.allow([], of: "DELETE")
        let preconditions = try Preconditions(request)
        return try await write(.null, to: property, type, key, preconditions)
    }

    private func write(
        _ value: Value, to property: Property, _ type: ApiType, _ key: RecordKey, _ preconditions: Preconditions
    ) async throws -> ServerResponse {
        let item = RecordUpdate(
            key: key, expectedVersion: try preconditions.expectedVersion(), takesAnyVersion: preconditions.takesAnyVersion,
            input: RecordInput(["\(property.name)_id": value]))
        return try await perform(SingleWrite(type: type, action: .update(item)))
    }

    // MARK: Bodies

    private var mediaType: String? { request.header(.contentType).map { HeaderParameters($0).value } }

    var isForm: Bool { mediaType == "multipart/form-data" }
    private var isJSON: Bool { mediaType == "application/json" }

    /// - Parameter field: gets the form's other fields, as soon as each has arrived; they are as short as other bodies.
    func receive(field: (_ name: String, _ bytes: [UInt8]) throws -> Void = { _, _ in }) async throws -> StoredFile {
        // An empty file says that it is.
        guard let upload, request.hasBody || request.contentLength == 0 else {
            throw APIError(.badRequest, "files.no_content", "The request has no body.")
        }
        let contentType = request.header(.contentType)
        if let contentType, isForm {
            guard let boundary = MultipartReader.boundary(of: contentType) else {
                throw Self.badForm("Content-Type names no boundary that can be one.")
            }
            return try await receiveForm(upload, boundary, field)
        }
        let file = try await files.receive()
        for try await piece in upload.body { try await file.write(piece) }
        try await upload.turn.begin()
        let name = options.fileName ?? request.header(.contentDisposition).flatMap { HeaderParameters($0).fileName }
        return try await files.keep(file, name: name ?? "", claimed: contentType, access: access)
    }

    /// The one file of a form, and its other fields.
    private func receiveForm(
        _ upload: Upload, _ boundary: String, _ field: (_ name: String, _ bytes: [UInt8]) throws -> Void
    ) async throws -> StoredFile {
        var reader = MultipartReader(boundary: boundary)
        var found: (part: MultipartReader.Part, file: StagingFile)?
        var isInFile = false
        var other: (name: String, bytes: [UInt8]) = ("", [])
        var rest = limits.bodySize
        do {
            for try await piece in upload.body {
                for event in try reader.feed(piece) {
                    switch event {
                    case .part(let part):
                        isInFile = part.fileName != nil
                        other = (part.name ?? "", [])
                        guard isInFile else { continue }
                        guard found == nil else { throw Self.badForm("A form brings one file; send the others in requests of their own.") }
                        found = (part, try await files.receive())
                    case .content(let bytes):
                        if isInFile {
                            try await found?.file.write(bytes)
                        } else {
                            rest -= bytes.readableBytes
                            guard rest >= 0 else { throw HTTPFault.bodyTooLarge(limit: limits.bodySize) }
                            other.bytes += bytes.readableBytesView
                        }
                    case .end:
                        if !isInFile { try field(other.name, other.bytes) }
                        isInFile = false
                    }
                }
            }
            try reader.finish()
        } catch let error as MultipartReader.Malformed {
            throw Self.badForm(error.description)
        }
        guard let found else { throw Self.badForm("The form brings no file: a part with a filename.") }
        try await upload.turn.begin()
        let name = options.fileName ?? found.part.fileName ?? ""
        return try await files.keep(found.file, name: name, claimed: found.part.contentType, access: access)
    }

    private static func badForm(_ message: String) -> APIError { APIError(.badRequest, "files.bad_form", message, target: "Content-Type") }
}
