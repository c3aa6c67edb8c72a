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
        var targets = headers.map { isNumber($0) || exported[$0] ?? isPath($0) ? $0 : nil }
        let open = headers.indices.filter {
            targets[$0] == nil && exported[headers[$0]] == nil && headers[$0] != FailedRows.column
        }
        var filled = Set(targets.compactMap(\.self).flatMap(slots))
        let free = candidates.filter { target in filled.isDisjoint(with: slots(target.key)) }
        let matches = HeaderMatcher(free, typeNames: [type.key, type.label, type.labelPlural] + type.alsoCalled).match(
            open.map { headers[$0] })
        let channels = ChannelHeaders(type)
        let claims = zip(open, matches).compactMap { index, found in
            channels.better(than: found, for: headers[index]).map { (index: index, key: $0, rank: rank($0, found.confidence)) }
        }
        // Two headers may mean the same link, one by name and one by id: the better claim has it.
        for claim in claims.sorted(by: { ($1.rank, $0.index) < ($0.rank, $1.index) }) {
            let slots = slots(claim.key)
            guard filled.isDisjoint(with: slots) else { continue }
            filled.formUnion(slots)
            targets[claim.index] = claim.key
        }
        return zip(headers, targets).compactMap { header, target in target.map { ImportMapping.Column(header: header, target: $0) } }
    }

    /// Whether a header says itself what it fills, as in a mapping: `organisation/name`, `emails/work`.
    private func isPath(_ header: String) -> Bool {
        header.contains("/") && (try? ImportTarget(header, type: type, catalog: catalog)) != nil
    }

    /// Whether a property is a number that the store makes, which fills nothing unless records are found by it.
    private func isNumber(_ property: String) -> Bool {
        match.contains(property) && type.isNumbered(by: CollectionOfOne(property))
    }

    /// What one column at most may fill; none for lists, which take the entries of several.
    private func slots(_ target: String) -> [ImportTarget.Slot] {
        (try? ImportTarget(target, type: type, catalog: catalog, keys: match).slots) ?? []
    }

    /// Columns for the parts of a name say more than one for all of it.
    private func rank(_ target: String, _ confidence: Double) -> Double {
        if case .wholeName? = try? ImportTarget(target, type: type, catalog: catalog) { -1 } else { confidence }
    }

    /// Every property that a column may be meant for; what only modules or the store write is no target.
    private var candidates: [HeaderTarget] {
        var targets = [HeaderTarget(key: "id", label: "Id")]
        for field in type.fields where !field.readOnly { targets += candidates(of: field) }
        if let wholeName { targets.append(wholeName) }
        return targets
    }

    /// Names in one, where modules put the name of a record together.
    private var wholeName: HeaderTarget? {
        guard type.nameParts != nil, type.field(ImportTarget.wholeName) == nil else { return nil }
        let display = type.displayField.flatMap { type.field($0) }
        let labels = display?.readOnly == true ? [display?.label, "name"].compactMap(\.self) : []
        return HeaderTarget(
            key: ImportTarget.wholeName, label: "Full name", synonyms: labels, alsoCalled: display?.alsoCalled ?? [],
            isTitle: display?.readOnly == true, isWhole: true)
    }

    private func candidates(of field: Field) -> [HeaderTarget] {
        let isTitle = field.key == type.displayField
        let others = field.alsoCalled
        let id = HeaderTarget(key: "\(field.key)_id", label: "\(field.label) id", alsoCalled: others.map { "\($0) id" })
        switch field.type {
        case .autoNumber where !isNumber(field.key): return []
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
