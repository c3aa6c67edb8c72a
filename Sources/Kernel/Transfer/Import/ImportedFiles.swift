import Catalog
import Files
import QueryLanguage
import Records

/// Stores the photos and logos that a batch of records brings, and puts their ids in place. What isn't an image, or is too large, fails its record.
///
/// A content that is there already is referred to and not stored again, so that a card that is imported twice changes nothing the second time.
struct ImportedFiles {
    let type: RecordType
    let files: FileStore?
    let store: RecordStore
    let access: Access
    /// Only the rows are written, which are taken back with the rest.
    let isRehearsal: Bool

    func keep(_ records: inout [Result<ImportedRecord, UnreadRecord>]) async throws {
        for field in type.fields where field.isFile { try await keep(field, &records) }
    }

    private func keep(_ field: Field, _ records: inout [Result<ImportedRecord, UnreadRecord>]) async throws {
        var held: [Int: HeldFile] = [:]
        for (index, record) in records.enumerated() {
            guard case .success(let record) = record, let file = record.files[field.key] else { continue }
            do throws(Refusal) {
                held[index] = try hold(file, field)
            } catch {
                records[index] = .failure(UnreadRecord(RecordsError(.invalid, "\(field.label): \(error.message)", target: field.key)))
            }
        }
        guard let files, !held.isEmpty else { return }
        var known = try await files.known(Set(held.values.map(\.digest)), on: store, access: access)
        let owned = try await files.referred(by: records.compactMap { $0.id }, type, field, on: store, access: access)
        for (index, file) in held.sorted(by: { $0.key < $1.key }) {
            let own = records[index].id.flatMap { owned[$0] }
            var id = own?.digest == file.digest ? own?.id : known[file.digest]
            if id == nil {
                id =
                    isRehearsal
                    ? try await files.rehearse(file, on: store, access: access) : try await files.keep(file, access: access).id
                known[file.digest] = id
            }
            guard let id else { continue }
            records[index] = records[index].map { record in
                var record = record
                record.input.values["\(field.key)_id"] = .guid(id)
                return record
            }
        }
    }

    private struct Refusal: Error {
        let message: String
    }

    private func hold(_ file: CardFile, _ field: Field) throws(Refusal) -> HeldFile {
        guard let files else { throw Refusal(message: "this import has no store to put a file in.") }
        let held: HeldFile
        do {
            held = try files.hold(file.content, claimed: file.mediaType) { CardFile.name(field.key, $0) }
        } catch {
            throw Refusal(message: error.message)
        }
        guard held.mediaType.hasPrefix("image/") else { throw Refusal(message: "the content is no image but \(held.mediaType).") }
        return held
    }
}

extension Result<ImportedRecord, UnreadRecord> {
    fileprivate var id: GUID? {
        guard case .success(let record) = self, case .guid(let id)? = record.input.values["id"] else { return nil }
        return id
    }
}
