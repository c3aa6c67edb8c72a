import Catalog
import Manifests

/// Guesses which column of a file fills what.
///
/// A header that an export of the same collection writes means its own column, whatever else it may look like: what an import reads back
/// fills the same property, and what the store or a module writes is left out. So does one that names its target as a mapping does. The others
/// are matched by what they are called.
struct MappingGuess {
    let type: RecordType
    let catalog: Catalog
    /// The properties that records are found by.
    let match: [String]

    func columns(for headers: [String]) -> [ImportMapping.Column] {
        let exported = Dictionary(
            ExportColumn.columns(of: type, catalog: catalog).map { ($0.header, $0.isImported) }, uniquingKeysWith: { first, _ in first })
        var targets = headers.map { exported[$0] ?? isPath($0) ? $0 : nil }
        let open = headers.indices.filter {
            targets[$0] == nil && exported[headers[$0]] == nil && headers[$0] != FailedRows.column
        }
        var filled = Set(targets.compactMap { $0.flatMap(slot) })
        let free = candidates.filter { target in slot(target.key).map { !filled.contains($0) } ?? true }
        let matches = HeaderMatcher(free, typeNames: [type.key, type.label, type.labelPlural] + type.alsoCalled).match(
            open.map { headers[$0] })
        // Two headers may mean the same link, one by name and one by id: the better claim has it.
        for (index, found) in zip(open, matches).sorted(by: { $0.1.confidence > $1.1.confidence }) {
            guard let key = found.key else { continue }
            if let slot = slot(key), !filled.insert(slot).inserted { continue }
            targets[index] = key
        }
        return zip(headers, targets).compactMap { header, target in target.map { ImportMapping.Column(header: header, target: $0) } }
    }

    /// Whether a header says itself what it fills, as in a mapping: `organisation/name`, `emails/work`.
    private func isPath(_ header: String) -> Bool {
        header.contains("/") && (try? ImportTarget(header, type: type, catalog: catalog)) != nil
    }

    /// What one column at most may fill; nil for lists, which take the entries of several.
    private func slot(_ target: String) -> ImportTarget.Slot? { try? ImportTarget(target, type: type, catalog: catalog).slot }

    /// Every property that a column may be meant for; what only modules or the store write is no target.
    private var candidates: [HeaderTarget] {
        var targets = [HeaderTarget(key: "id", label: "Id")]
        for field in type.fields where !field.readOnly { targets += candidates(of: field) }
        return targets
    }

    private func candidates(of field: Field) -> [HeaderTarget] {
        let isTitle = field.key == type.displayField
        let others = field.alsoCalled
        let id = HeaderTarget(key: "\(field.key)_id", label: "\(field.label) id", alsoCalled: others.map { "\($0) id" })
        switch field.type {
        case .autoNumber: return []
        case .address:
            return AddressMember.allCases.map {
                let member = $0.rawValue.replacingUnderscores
                return HeaderTarget(
                    key: "\(field.key)/\($0.rawValue)", label: "\(field.label) \(member)", alsoCalled: others.map { "\($0) \(member)" })
            }
        case .link(let link):
            guard let name = catalog.type(id: link.target)?.displayField else { return [id] }
            let names = others + others.map { "\($0) \(name)" }
            return [
                id, HeaderTarget(key: "\(field.key)/\(name)", label: field.label, synonyms: [field.key], alsoCalled: names, isLink: true),
            ]
        case .links(let links):
            let ids = HeaderTarget(key: "\(field.key)/id", label: "\(field.label) id", isLink: true)
            guard catalog.type(id: links.target)?.displayField != nil else { return [ids] }
            return [ids, HeaderTarget(key: field.key, label: field.label, alsoCalled: others)]
        case .money:
            return [
                HeaderTarget(key: field.key, label: field.label, alsoCalled: others, isTitle: isTitle),
                HeaderTarget(
                    key: "\(field.key)_currency", label: "\(field.label) currency", alsoCalled: others.map { "\($0) currency" }),
            ]
        case .emails, .phones:
            // Whoever is found by the primary entry keeps the others: the column then fills that entry, and not the whole list.
            let primary = field.primaryProperty.map { [$0] } ?? []
            let key = primary.first { match.contains($0) } ?? field.key
            return [HeaderTarget(key: key, label: field.label, synonyms: [field.key] + primary, alsoCalled: others)]
        case .user, .file: return [id]
        case .linkAny: return [HeaderTarget(key: "\(field.key)_type", label: "\(field.label) type"), id]
        default: return [HeaderTarget(key: field.key, label: field.label, alsoCalled: others, isTitle: isTitle)]
        }
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
