import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Turns links given by a unique key into ids, and makes sure that every record linked to exists and may be read.
struct LinkResolver {
    let store: RecordStore
    let catalog: Catalog
    let access: Access
    let options: WriteOptions

    /// Single links that a record has already may stay, wherever they lead: what was read can be sent back.
    ///
    /// - Parameter keepingHidden: whether links to many that a record has already may stay, too. Of those to records that can't be read no
    ///   writer is told.
    func resolve(_ drafts: inout [WriteDraft], of type: RecordType, keepingHidden: Bool = false) async throws {
        try await lookUpPending(in: &drafts, of: type)
        // Records that this batch makes may link to one another.
        let made = Set(drafts.lazy.filter { !$0.isUpdate }.map(\.id))
        var wanted: [String: Set<GUID>] = [:]
        for index in drafts.indices {
            for (target, id, _) in Self.targets(in: drafts[index], of: type) {
                if target == type.id, made.contains(id) {
                    drafts[index].linksWithin.insert(id)
                } else {
                    wanted[target, default: []].insert(id)
                }
            }
        }
        guard !wanted.isEmpty else { return }
        var present: [String: Set<GUID>] = [:]
        for (target, ids) in wanted {
            present[target] = try await target == Self.files ? existingFiles(ids) : existing(ids, of: target)
        }
        let absent = drafts.map { draft in
            Self.targets(in: draft, of: type).filter { target, id, _ in
                present[target]?.contains(id) != true && (target != type.id || !draft.linksWithin.contains(id))
            }
        }
        guard absent.contains(where: { !$0.isEmpty }) else { return }
        let held = try await heldLinks(of: type, drafts, absent, keepingHidden)
        for (index, links) in absent.enumerated() {
            for (target, id, property) in links where !held.contains(HeldLink(field: property, record: drafts[index].id, target: id)) {
                let label = catalog.type(id: target)?.label.lowercased() ?? target
                drafts[index].refuse("records.link_target_missing", property, "There is no \(label) with the id that \(property) names.")
            }
        }
    }

    /// Stands for the type of files, which isn't one.
    private static let files = "file"

    /// Every record and file that a draft links to: type, id and the property that says so.
    private static func targets(in draft: WriteDraft, of type: RecordType) -> [(target: String, id: GUID, property: String)] {
        var found: [(String, GUID, String)] = []
        for field in type.fields where draft.fields.contains(field.key) {
            switch field.type {
            case .link(let link):
                if case .guid(let id)? = draft.columns["\(field.key)_id"] { found.append((link.target, id, field.key)) }
            case .file:
                if case .guid(let id)? = draft.columns["\(field.key)_id"] { found.append((Self.files, id, "\(field.key)_id")) }
            case .linkAny:
                if case .guid(let id)? = draft.columns["\(field.key)_id"], case .string(let target)? = draft.columns["\(field.key)_type"] {
                    found.append((target, id, field.key))
                }
            case .links(let links):
                for row in draft.lists[field.key] ?? [] {
                    if case .guid(let id)? = row["target_id"] { found.append((links.target, id, field.key)) }
                }
            default: continue
            }
        }
        return found
    }

    /// A link that is stored.
    private struct HeldLink: Hashable {
        var field: String
        var record: GUID
        var target: GUID
    }

    /// Those of the links to records that aren't there, or can't be read, that the records have already.
    private func heldLinks(
        of type: RecordType, _ drafts: [WriteDraft], _ links: [[(target: String, id: GUID, property: String)]], _ keepingHidden: Bool
    ) async throws -> Set<HeldLink> {
        var held: Set<HeldLink> = []
        for field in type.fields {
            var records: [PostgresUUID] = []
            var targets: [PostgresUUID] = []
            for (draft, links) in zip(drafts, links) where draft.isUpdate {
                for link in links where link.property == field.key {
                    records.append(PostgresUUID(guid: draft.id))
                    targets.append(PostgresUUID(guid: link.id))
                }
            }
            guard !records.isEmpty else { continue }
            let source: SQL
            switch field.type {
            case .link, .linkAny:
                // Where a link leads is told to those who see it, and to nobody else.
                guard access.rights.mask(of: field.key, on: type.id) == nil || keepingHidden else { continue }
                source = "SELECT t.id AS record, t.\(identifier: "\(field.key)_id") AS target FROM \(raw: type.table.sql) t"
            case .links:
                guard keepingHidden, let table = type.childTable(of: field) else { continue }
                source = "SELECT c.\(identifier: table.recordColumn) AS record, c.target_id AS target FROM \(raw: table.name.sql) c"
            default: continue
            }
            let sql: SQL = """
                SELECT l.record, l.target FROM (\(source)) l WHERE l.record = ANY(\(bind: records)) AND l.target = ANY(\(bind: targets))
                """
            for row in try await store.statements.query(sql).rows {
                held.insert(
                    HeldLink(
                        field: field.key, record: GUID(postgres: try row.decode(PostgresUUID.self, 0)),
                        target: GUID(postgres: try row.decode(PostgresUUID.self, 1))))
            }
        }
        return held
    }

    /// Those of the records that are there and may be read.
    func existing(_ ids: Set<GUID>, of typeID: String) async throws -> Set<GUID> {
        guard let type = catalog.type(id: typeID) else { return [] }
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access)
        let sql: SQL = """
            SELECT t.id FROM \(raw: type.table.sql) t WHERE t.id = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) AND \(guarded)
            """
        let result = try await store.statements.pipelined(sql)
        return Set(try result.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
    }

    /// Files that this access may read: whoever refers to a file hands it on.
    private func existingFiles(_ ids: Set<GUID>) async throws -> Set<GUID> {
        let guarded = AccessGuard.filePredicate(alias: "f", catalog: catalog, access: access)
        let sql: SQL = "SELECT f.id FROM tessera.file f WHERE f.id = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) AND \(guarded)"
        let result = try await store.statements.query(sql)
        return Set(try result.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
    }

    // MARK: Links by key

    /// Records of a type that are looked for by one property.
    struct Question: Hashable {
        var target: String
        var property: String
    }

    /// The records that a value finds.
    struct Answer {
        var ids: [GUID] = []
        /// Why none could be made, where one was to be.
        var refusal: String?
    }

    /// What each value finds, whatever form it is written in. What nothing has is made where the options ask for it.
    ///
    /// - Parameter made: records that are about to be stored, by values in their stored form.
    func answers(
        to questions: [Question: Set<Value>], made: (Question, Set<Value>) async throws -> [Value: [GUID]] = { _, _ in [:] }
    ) async throws -> [Question: [Value: Answer]] {
        var answers: [Question: [Value: Answer]] = [:]
        for (question, values) in questions {
            guard let target = catalog.type(id: question.target) else { continue }
            let given = Array(values)
            let stored = try await StoredKeys(store: store, type: target, access: access).values(given, of: question.property)
            let wanted = Set(stored)
            var found = try await KeyLookup(store: store, type: target, access: access).ids(of: question.property, values: wanted)
            found.merge(try await made(question, wanted)) { known, _ in known }
            var known = found.mapValues { Answer(ids: $0) }
            if options.createsMissingLinks, question.target != options.awaitedType, access.mayCreate(target) {
                known.merge(try await create(wanted.filter { found[$0] == nil }, property: question.property, in: target)) { old, _ in old }
            }
            answers[question] = Dictionary(uniqueKeysWithValues: zip(given, stored).map { ($0, known[$1] ?? Answer()) })
        }
        return answers
    }

    /// Why a link by key can't be set.
    ///
    /// - Parameter value: as its writer gave it.
    func missing(_ target: String, _ property: String, _ value: Value, _ answer: Answer) -> String {
        let label = catalog.type(id: target)?.label.lowercased() ?? target
        let refusal = answer.refusal.map { " None was made: \($0)" } ?? ""
        return "There is \(answer.ids.isEmpty ? "no" : "more than one") \(label) with the \(property) '\(value.text.prefix(60))'.\(refusal)"
    }

    private func lookUpPending(in drafts: inout [WriteDraft], of type: RecordType) async throws {
        var questions: [Question: Set<Value>] = [:]
        for draft in drafts {
            for link in draft.pendingLinks {
                questions[Question(target: link.target, property: link.property), default: []].insert(link.value)
            }
        }
        let given = drafts
        let answers = try await answers(to: questions) { question, values in
            question.target == type.id ? try await made(by: given, type, with: question.property, values) : [:]
        }
        for index in drafts.indices {
            for link in drafts[index].pendingLinks {
                let found = answers[Question(target: link.target, property: link.property)]?[link.value] ?? Answer()
                guard found.ids.count == 1, let id = found.ids.first else {
                    drafts[index].refuse("records.link_target_missing", link.field, missing(link.target, link.property, link.value, found))
                    continue
                }
                if let row = link.row {
                    drafts[index].lists[link.field]?[row]["target_id"] = .guid(id)
                } else {
                    drafts[index].columns["\(link.field)_id"] = .guid(id)
                }
            }
            drafts[index].pendingLinks = []
        }
    }

    /// New records of the same batch, by their value of a property.
    private func made(
        by drafts: [WriteDraft], _ type: RecordType, with property: String, _ values: Set<Value>
    ) async throws -> [Value: [GUID]] {
        let list = type.fields.first { ($0.key == property || $0.primaryProperty == property) && type.childTable(of: $0) != nil }
        let parts = Self.parts(of: property, in: type)
        var own: [(value: Value, id: GUID)] = []
        for draft in drafts where !draft.isUpdate {
            let single = parts.map { draft.name($0) } ?? draft.columns[property] ?? .null
            let given = list.map { (draft.lists[$0.key] ?? []).compactMap { $0["normalised"] } } ?? [single]
            own += given.filter { !$0.isNull }.map { ($0, draft.id) }
        }
        let stored =
            list == nil
            ? try await StoredKeys(store: store, type: type, access: access).values(own.map(\.value), of: property) : own.map(\.value)
        var made: [Value: [GUID]] = [:]
        for (value, entry) in zip(stored, own) where values.contains(value) { made[value, default: []].append(entry.id) }
        return made
    }

    private func create(_ values: Set<Value>, property: String, in target: RecordType) async throws -> [Value: Answer] {
        // In a fixed order, so that the same import makes the same records in the same order.
        let ordered = values.sorted { "\($0)" < "\($1)" }
        guard !ordered.isEmpty else { return [:] }
        let inputs = ordered.map { RecordInput(Self.values($0, of: property, in: target)) }
        let outcomes = try await store.create(target, inputs, options: WriteOptions(changeSet: options.changeSet), access: access)
        var made: [Value: Answer] = [:]
        for (value, outcome) in zip(ordered, outcomes) {
            switch outcome {
            case .created(let id, _): made[value] = Answer(ids: [id])
            case .failed(let error): made[value] = Answer(refusal: error.reasons)
            default: continue
            }
        }
        return made
    }

    /// What a record is made of that is known by one property: a name that modules put together is taken apart.
    private static func values(_ value: Value, of property: String, in target: RecordType) -> [String: Value] {
        guard case .string(let name) = value, let parts = parts(of: property, in: target) else { return [property: value] }
        return Dictionary(parts.values(of: name).map { ($0.key, .string($0.part)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The parts of a name that modules put together; nil for properties that are stored as they are given.
    private static func parts(of property: String, in type: RecordType) -> NameParts? {
        property == type.displayField && type.field(property)?.readOnly == true ? type.nameParts : nil
    }
}

extension WriteDraft {
    /// The parts of the name in one; null where there is none.
    fileprivate func name(_ parts: NameParts) -> Value {
        let words = [parts.given, parts.family].compactMap { part -> String? in
            if case .string(let text)? = columns[part.key] { text } else { nil }
        }
        return words.isEmpty ? .null : .string(words.joined(separator: " "))
    }
}
