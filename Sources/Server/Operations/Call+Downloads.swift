import Catalog
import Files
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Files on their way out, and what is known of them.
extension Call {
    /// GET of `/api/files(ID)` and `/api/files(ID)/$value`.
    func file(_ id: GUID, content: Bool) async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow([], of: "A file")
        guard let file = try await files.file(id, access: access) else { throw Self.noFile }
        return content ? try download(file) : response(.ok, json: description(of: file), [("etag", Self.etag(file))])
    }

    /// GET, PUT and DELETE of `/api/people(ID)/photo/$value`.
    func stream(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        switch method {
        case .PUT: return try await setStream(type, key, property)
        case .DELETE: return try await clearStream(type, key, property)
        case .GET, .HEAD: break
        default: throw APIError.methodNotAllowed("GET, PUT, DELETE")
        }
        try options.allow(["include_deleted"], of: "A file")
        var query = CheckedQuery(shape: type.shape.shape)
        query.select = .properties([CheckedSelect.SelectedProperty(property: property)])
        let found = try await store.record(
            type.record, key, query: query, format: format, includeDeleted: options.includeDeleted, access: access)
        guard let found else { throw missing(type) }
        guard let value = JSONExtract.member(property.name, of: found.json), let id = JSONExtract.member("id", of: value),
            let id = GUID(String(decoding: id.dropFirst().dropLast(), as: UTF8.self))
        else { return response(.noContent) }
        guard let file = try await files.file(id, access: access) else { throw Self.noFile }
        return try download(file)
    }

    private static let noFile = APIError(.notFound, FilesError.Code.notFound.description, "There is no such file.")

    static func etag(_ file: StoredFile) -> String { "\"\(file.digest.hex)\"" }

    func description(of file: StoredFile) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if format.metadata != .none { json.field("\(negotiation.prefix)context", "\(root)/$metadata#tessera.file") }
            json.field("id", "\(file.id)")
            json.field("name", file.name)
            json.field("media_type", file.mediaType)
            json.field("size", Int(file.size))
            json.field("sha256", file.digest.hex)
            json.field("created_at", file.createdAt)
        }
        return json.bytes
    }

    // MARK: Contents

    /// The content, or the part of it that is asked for. A browser that opens it runs nothing of it: what isn't of a type that is safe to
    /// show is saved, no type is guessed, and a sandbox holds the rest.
    private func download(_ file: StoredFile) throws -> ServerResponse {
        let etag = Self.etag(file)
        let validators = [("etag", etag), ("accept-ranges", "bytes")]
        if let wanted = request.header(.ifMatch), !Self.matches(wanted, etag, isStrong: true) {
            throw APIError(
                .preconditionFailed, "files.other_content", "The file has another content than If-Match asks for.", target: "If-Match")
        }
        if let known = request.header(.ifNoneMatch), Self.matches(known, etag) { return response(.notModified, validators) }
        var range = ByteRange(method == .GET ? request.header(.range) : nil, size: file.size)
        if let known = request.header(.ifRange), known != etag { range = .whole }
        let disposition = ContentDisposition.value(isInline: MediaTypeSniffer.isSafeInline(file.mediaType), name: file.name)
        let headers =
            [("content-type", file.mediaType), ("content-disposition", disposition), ("content-security-policy", "sandbox")] + validators
        switch range {
        case .whole:
            return ServerResponse(.ok, headers: headers, body: .stream(stream(file, 0..<file.size)))
        case .part(let part):
            let position = ("content-range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)")
            return ServerResponse(.partialContent, headers: headers + [position], body: .stream(stream(file, part)))
        case .unsatisfiable:
            throw APIError(.rangeNotSatisfiable, "files.range", "The file has \(file.size) bytes.", target: "Range")
                .with(header: "content-range", "bytes */\(file.size)")
        }
    }

    private func stream(_ file: StoredFile, _ range: Range<Int64>) -> ResponseStream {
        ResponseStream(length: Int(range.upperBound - range.lowerBound)) { [files] writer in
            try await files.read(file, range) { try await writer.write($0) }
        }
    }

    /// Whether a list of ETags, or `*`, names this one (RFC 9110 section 8.8.3.2): If-Match compares strongly, If-None-Match weakly.
    private static func matches(_ header: String, _ etag: String, isStrong: Bool = false) -> Bool {
        header.split(separator: ",").contains { item in
            let text = item.filter { $0 != " " && $0 != "\t" }
            return text == "*" || text == etag || !isStrong && text == "W/\(etag)"
        }
    }
}
