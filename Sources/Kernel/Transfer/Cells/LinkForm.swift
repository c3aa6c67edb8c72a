import Catalog
import QueryLanguage

/// How a link to one of many records stands in a cell: the target, then the link's own columns: `Acme [primary, role=CEO]`.
struct LinkForm: Sendable, Hashable {
    let links: Links
    /// What an export names targets by: the property that names them to people, when it is unique, else the id.
    let property: String

    init(_ field: Field, _ links: Links, _ catalog: Catalog) {
        self.links = links
        let target = catalog.type(id: links.target)
        let display = target?.displayField.flatMap { target?.field($0) }
        if let display, display.unique, case .text = display.type { property = display.key } else { property = "id" }
    }

    static let primary = "primary"

    var notes: Set<String> { Set(links.columns.map(\.key) + [Self.primary]) }

    // MARK: Writing

    /// The properties of a target that entries are made of, as `$select` names them.
    var selection: String { property == "id" ? "id,\(TypeShape.linkMember)" : "id,\(property),\(TypeShape.linkMember)" }

    func entry(_ item: Value) -> CellList.Entry? {
        guard case .complex(let members) = item, let id = members["id"], case .complex(let own)? = members[TypeShape.linkMember] else {
            return nil
        }
        var entry = CellList.Entry(text: id.text)
        if property != "id", case .string(let name)? = members[property] {
            entry = CellList.Entry(text: name, isQuoted: CellList.needsQuotes(name) || GUID(name) != nil)
        }
        if own["is_primary"] == .bool(true) { entry.notes.append(CellList.Note(name: Self.primary, value: .flag)) }
        entry.notes += links.columns.compactMap { note($0, own[$0.key] ?? .null) }
        return entry
    }

    /// What an import would take for granted is left out.
    private func note(_ column: Field, _ value: Value) -> CellList.Note? {
        if value.isNull { return column.defaultValue == nil ? nil : CellList.Note(name: column.key, value: .none) }
        if case .value(let preset)? = column.defaultValue, preset.text == value.text { return nil }
        return CellList.Note(name: column.key, value: value == .bool(true) ? .flag : .text(value.text))
    }

    // MARK: Reading

    /// - Parameter key: what a text finds targets by; nil where ids alone are understood, as they are anywhere.
    func value(
        _ entry: CellList.Entry, header: String, key: (String) throws(ColumnReader.Refusal) -> [String: Value]?
    ) throws(ColumnReader.Refusal) -> Value {
        var members: [String: Value] = [:]
        if !entry.isQuoted, let id = GUID(entry.text) {
            members["id"] = .guid(id)
        } else if let found = try key(entry.text) {
            members = found
        } else {
            throw ColumnReader.Refusal(message: "\(header): '\(entry.text.prefix(60))' is not an id")
        }
        guard !entry.notes.isEmpty else { return .complex(members) }
        var own = RowValues()
        for note in entry.notes { try read(note, into: &own, header) }
        members[TypeShape.linkMember] = .complex(own.values)
        return .complex(members)
    }

    private func read(_ note: CellList.Note, into own: inout RowValues, _ header: String) throws(ColumnReader.Refusal) {
        guard let column = links.columns.first(where: { $0.key == note.name }) else {
            own["is_primary"] = .bool(note.value != .none)
            return
        }
        switch note.value {
        case .none: own[note.name] = .null
        case .flag:
            guard case .boolean = column.type else {
                throw ColumnReader.Refusal(message: "\(header): \(note.name) needs a value; write \(note.name)=…")
            }
            own[note.name] = .bool(true)
        case .text(let text):
            var reader = ColumnReader(header: "\(header), \(column.label)", target: .property(column.key, column))
            reader.takesQuotedAsWritten = true
            try reader.read(text, isQuoted: true, into: &own)
        }
    }
}
