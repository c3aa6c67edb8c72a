import NIOHTTP1
import QueryLanguage
import Records

/// `Tessera-Change-Set: Spring cleaning`: names what the writes of a request belong to, so that they can be found and taken back together.
enum ChangeSetName {
    /// Characters of a name.
    static let maximumLength = 200

    /// The change set of a request: a named one when its header says so.
    static func changeSet(of request: ServerRequest) throws(APIError) -> ChangeSet {
        guard let header = request.header(.changeSet) else { return ChangeSet(id: .version7()) }
        // A name with other letters than ASCII is percent-encoded: headers have no encoding of their own.
        guard let name = PercentEncoding.decode(header.utf8), !name.isEmpty, name.unicodeScalars.count <= maximumLength,
            !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            throw APIError(
                .badRequest, "changes.bad_name",
                "Tessera-Change-Set takes a name of at most \(maximumLength) characters; percent-encode what isn't ASCII.",
                target: "Tessera-Change-Set")
        }
        return ChangeSet(id: .version7(), label: normalizedNFC(name))
    }
}
