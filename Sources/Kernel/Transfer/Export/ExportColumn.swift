import Catalog
import QueryLanguage

/// A column of an export and how a record's JSON fills it.
struct ExportColumn: Sendable {
    let header: String
    let cell: @Sendable ([String: Value]) -> String?

    /// In the order of the fields, the id first. Links to many are found on the other side or asked for over the API.
    static func columns(of type: RecordType) -> [ExportColumn] {
        [plain("id")] + type.fields.flatMap(columns) + [plain("owner_id"), plain("created_at"), plain("updated_at")]
    }

    private static func columns(of field: Field) -> [ExportColumn] {
        switch field.type {
        case .address:
            return AddressMember.allCases.map { member in
                ExportColumn(header: "\(field.key)/\(member.rawValue)") { record in
                    guard case .complex(let members)? = record[field.key] else { return nil }
                    return text(members[member.rawValue])
                }
            }
        case .emails: return [channels(field, "address")]
        case .phones: return [channels(field, "number")]
        case .tags, .multiChoice:
            return [
                ExportColumn(header: field.key) { record in
                    guard case .collection(let items)? = record[field.key] else { return nil }
                    return items.compactMap(text).joined(separator: ";")
                }
            ]
        case .json:
            return [ExportColumn(header: field.key) { record in record[field.key].flatMap { $0.isNull ? nil : $0.json } }]
        case .links: return []
        default: return field.columns.map { plain($0.name) }
        }
    }

    private static func plain(_ name: String) -> ExportColumn { ExportColumn(header: name) { text($0[name]) } }

    /// `work:ada@example.com; ada@home.example`, the primary entry first.
    private static func channels(_ field: Field, _ member: String) -> ExportColumn {
        ExportColumn(header: field.key) { record in
            guard case .collection(let items)? = record[field.key] else { return nil }
            let entries = items.compactMap { item -> (isPrimary: Bool, text: String)? in
                guard case .complex(let members) = item, let main = text(members[member]) else { return nil }
                return (members["is_primary"] == .bool(true), (text(members["kind"]).map { "\($0):" } ?? "") + main)
            }
            return (entries.filter(\.isPrimary) + entries.filter { !$0.isPrimary }).map(\.text).joined(separator: "; ")
        }
    }

    private static func text(_ value: Value?) -> String? {
        guard let value, !value.isNull else { return nil }
        return value.text
    }
}
