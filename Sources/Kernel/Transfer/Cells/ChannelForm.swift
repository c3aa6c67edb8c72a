import Catalog
import QueryLanguage

/// How an entry of emails or phones stands in a cell: `work:ada@example.com [opted_out]`, `+1 418 656 9254 [extension=102, primary]`.
struct ChannelForm: Sendable {
    /// `address` or `number`.
    let member: String
    private let flags: [(note: String, member: String)]
    private let texts: [String]

    init(_ field: Field) {
        if case .phones = field.type {
            (member, flags, texts) = ("number", [("primary", "is_primary"), ("invalid", "invalid")], ["kind", "extension"])
        } else {
            (member, flags) = ("address", [("primary", "is_primary"), ("opted_out", "opted_out"), ("invalid", "invalid")])
            texts = ["kind"]
        }
    }

    var notes: Set<String> { Set(flags.map(\.note) + texts) }

    func entry(_ item: Value, isFirst: Bool) -> CellList.Entry? {
        guard case .complex(let members) = item, case .string(let main)? = members[member] else { return nil }
        var entry = CellList.Entry(text: main, isQuoted: CellList.needsQuotes(main) || Self.kind(in: main) != nil)
        for name in texts {
            guard case .string(let text)? = members[name] else { continue }
            let prefixed = "\(text):\(main)"
            if name == "kind", !entry.isQuoted, Self.kind(in: prefixed)?.kind == text {
                entry.text = prefixed
            } else {
                entry.notes.append(CellList.Note(name: name, value: .text(text)))
            }
        }
        for (note, member) in flags where members[member] == .bool(true) && !(isFirst && note == "primary") {
            entry.notes.append(CellList.Note(name: note, value: .flag))
        }
        return entry
    }

    /// - Parameter kind: the kind of entries that name none.
    func value(_ entry: CellList.Entry, kind: String?) -> Value? {
        var main = entry.text
        var kind = kind
        if !entry.isQuoted, let parts = Self.kind(in: main) { (kind, main) = (parts.kind, parts.rest) }
        guard !main.isEmpty else { return nil }
        var members: [String: Value] = [member: .string(main), "kind": kind.map { .string($0) } ?? .null]
        for note in entry.notes {
            let member = flags.first { $0.note == note.name }?.member
            switch note.value {
            case .flag: members[member ?? note.name] = member == nil ? .null : .bool(true)
            case .none: members[member ?? note.name] = member == nil ? .null : .bool(false)
            case .text(let text):
                members[member ?? note.name] = member == nil ? .string(text) : BooleanWords.value(text).map { .bool($0) } ?? .string(text)
            }
        }
        return .complex(members)
    }

    /// Where a row has a primary entry and a list as well, the entry becomes the primary of that list.
    static func join(_ field: Field, in values: inout [String: Value]) {
        guard let property = field.primaryProperty, case .complex(var primary)? = values[property],
            case .collection(let items)? = values[field.key]
        else { return }
        let member = ChannelForm(field).member
        primary["is_primary"] = .bool(true)
        let others = items.compactMap { item -> Value? in
            guard case .complex(var entry) = item, entry[member] != primary[member] else { return nil }
            entry["is_primary"] = .bool(false)
            return .complex(entry)
        }
        values[field.key] = .collection([.complex(primary)] + others)
        values[property] = nil
    }

    /// Letters and `_` before a colon.
    private static func kind(in text: String) -> (kind: String, rest: String)? {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            text[..<colon].utf8.allSatisfy({ $0 == 0x5F || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A })
        else { return nil }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]).trimmingBlanks())
    }
}
