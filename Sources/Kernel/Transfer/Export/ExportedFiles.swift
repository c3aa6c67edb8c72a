import Catalog
import Files
import QueryLanguage
import Records

/// The photos and logos of records, for their cards.
struct ExportedFiles {
    let store: FileStore
    let access: Access
    /// Told what is left out, and why.
    let notice: (String) -> Void

    /// Those of some fields that a record has, by field.
    func files(of record: [String: Value], _ fields: [Field]) async throws -> [String: CardFile] {
        var files: [String: CardFile] = [:]
        for field in fields {
            guard case .complex(let known)? = record[field.key], let id = known["id"].flatMap({ GUID($0.text) }),
                let file = try await store.file(id, access: access)
            else { continue }
            guard file.mediaType.hasPrefix("image/") else {
                notice("\(field.label) of \(record["id"]?.text ?? "") is left out: it is no image but \(file.mediaType)")
                continue
            }
            guard file.size <= CardFile.mostBytes else {
                notice(
                    "\(field.label) of \(record["id"]?.text ?? "") is left out: it has \(file.size) bytes, and a card takes \(CardFile.mostBytes)"
                )
                continue
            }
            files[field.key] = CardFile(content: try await store.content(of: file), mediaType: file.mediaType)
        }
        return files
    }
}
