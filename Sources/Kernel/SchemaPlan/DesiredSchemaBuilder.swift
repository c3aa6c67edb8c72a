package import Catalog
import Manifests
import QueryLanguage

extension DesiredSchema {
    package init(catalog: Catalog) {
        // Where a role reads some owners' records only, or those with some value, their lists are read in order too.
        var apart: [String: [String]] = [:]
        for grant in catalog.roles.flatMap(\.grants) {
            let owners = [.none, .all].contains(grant.scope(of: .read)) ? [] : ["owner_id"]
            for column in owners + grant.rules(allowing: .read).compactMap(\.leadingColumn) {
                if apart[grant.type]?.contains(column) != true { apart[grant.type, default: []].append(column) }
            }
        }
        let shared = Set(catalog.types.map(\.id).filter(catalog.isReadByShares))
        self.init(types: catalog.types, timeZone: catalog.timeZone, apart: apart, shared: shared)
        rights = RightsDocument(roles: catalog.roles)
        subscriptions = catalog.subscriptions.map { DesiredSubscription($0, catalog) }
    }

    /// - Parameters:
    ///   - apart: columns by whose values the lists of a type are read apart, by the type's id: each order has an index within them too.
    ///   - shared: ids of the types that some role reads by shares.
    package init(types: [RecordType], timeZone: String = "UTC", apart: [String: [String]] = [:], shared: Set<String> = []) {
        var builder = DesiredSchemaBuilder(timeZone: timeZone, apart: apart, shared: shared)
        types.forEach { builder.add($0) }
        self = builder.finish()
    }
}

/// Turns record types into tables, one after the other.
struct DesiredSchemaBuilder {
    private(set) var schema: DesiredSchema

    private let apart: [String: [String]]
    private let shared: Set<String>

    init(timeZone: String, apart: [String: [String]] = [:], shared: Set<String> = []) {
        schema = DesiredSchema(timeZone: timeZone)
        self.apart = apart
        self.shared = shared
    }

    /// Fields of one type. Beyond that forms, plans and PostgreSQL's planner become slow; a part of the fields wants a type of its own.
    static let maximumFields = 400

    mutating func add(_ type: RecordType) {
        addSchema(type.module)
        if type.fields.count > Self.maximumFields {
            problem(
                .tooManyFields, type.id, "has \(type.fields.count) fields, \(Self.maximumFields) are allowed.",
                "Move fields that belong together into a record type of their own and link to it.")
        }
        var table = DesiredTable(
            name: type.table, owner: type.module, subject: type.id, recordType: type.id, columns: systemColumns(owner: type.module),
            primaryKey: .init(name: StorageName.derived(type.key, [], "pkey"), columns: ["id"]))
        for column in RecordType.systemColumns {
            addReference(column, isRequired: false, owner: type.module, to: &table, isIndexed: false)
        }
        for field in type.fields { add(field, of: type, to: &table) }
        addIndexes(of: type, to: &table)
        let search = SearchSchema(type)
        table.triggers = search?.triggers(on: table.name) ?? []
        schema.tables.append(table)
        for field in type.fields {
            if let child = type.childTable(of: field) { add(child, of: field, in: type, search) }
        }
        if let search {
            schema.tables += search.tables
            schema.fillings.append(search.filling)
            schema.searched = schema.searched ?? type.id
        }
        if shared.contains(type.id) {
            let shares = SharesSchema(type)
            schema.tables.append(shares.table)
            schema.fillings.append(shares.filling)
        }
    }

    mutating func finish() -> DesiredSchema {
        var checker = SchemaNameCheck()
        schema.problems += checker.problems(of: schema)
        return schema
    }

    mutating func problem(_ code: SchemaProblem.Code, _ target: String, _ message: String, _ remedy: String) {
        schema.problems.append(SchemaProblem(code, target, message, remedy: remedy))
    }

    // MARK: Tables of record types

    private mutating func addSchema(_ module: String) {
        guard !schema.schemas.contains(where: { $0.name == module }) else { return }
        schema.schemas.append(.init(name: module, owner: module))
    }

    /// What the store always writes is NOT NULL; the defaults serve whoever loads rows by hand.
    private func systemColumns(owner: String) -> [DesiredColumn] {
        let defaults = ["version": "1", "created_at": "now()", "updated_at": "now()"]
        return RecordType.systemColumns.map {
            DesiredColumn(
                name: $0.name, type: $0.type, isNotNull: $0.name != "deleted_at", standingDefault: defaults[$0.name], fill: nil,
                owner: owner, field: nil)
        }
    }

    private mutating func add(_ field: Field, of type: RecordType, to table: inout DesiredTable) {
        addColumns(of: field, path: "\(type.id).\(field.key)", to: &table)
    }

    /// The columns of a field, what holds among them and between them and other tables.
    private mutating func addColumns(of field: Field, path: String, to table: inout DesiredTable) {
        let columns = field.columns
        // A list is required by the store, which sees its rows; an address is required when any of its parts is there.
        let isNotNull = field.required && field.isOneValue
        let fills = ColumnFill.fills(of: field, timeZone: schema.timeZone)
        for (index, column) in columns.enumerated() {
            table.columns.append(
                DesiredColumn(
                    name: column.name, type: column.type, isNotNull: isNotNull, standingDefault: nil,
                    fill: fills.indices.contains(index) ? fills[index] : nil, owner: field.owner, field: path))
            addReference(column, isRequired: isNotNull, owner: field.owner, to: &table, isIndexed: true)
        }
        addCheck(of: field, columns: columns.map(\.name), to: &table)
        if case .linkAny = field.type, let id = columns.last {
            // Ids are unique over all types, so that the id alone finds the records that point at one.
            addIndex([.init(id.name, nullsFirst: true), .init("id")], owner: field.owner, to: &table)
        }
        schema.fields.append(
            DesiredField(
                path: path, owner: field.owner, signature: FieldSignature(field.type), table: table.name, columns: columns.map(\.name),
                choices: field.choices.map(\.key)))
    }

    private func addCheck(of field: Field, columns: [String], to table: inout DesiredTable) {
        guard columns.count == 2 else { return }
        let (first, second) = (SQLName.quoted(columns[0]), SQLName.quoted(columns[1]))
        let isPair = "(\(first) IS NULL) = (\(second) IS NULL)"
        let expression: String
        switch field.type {
        case .money: expression = "\(isPair) AND \(second) ~ '^[A-Z]{3}$'"
        case .linkAny: expression = isPair
        default: return
        }
        table.checks.append(
            DesiredCheck(name: StorageName.derived(table.name.name, [field.key], "check"), expression: expression, owner: field.owner))
    }

    private func addReference(_ column: Column, isRequired: Bool, owner: String, to table: inout DesiredTable, isIndexed: Bool) {
        guard let reference = column.references else { return }
        let action: DesiredForeignKey.Action =
            switch reference.onDelete {
            // What must have a value can't be emptied: then the record it points at has to stay.
            case .clear: isRequired ? .noAction : .setNull
            case .restrict: .noAction
            case .cascade: .cascade
            }
        table.foreignKeys.append(
            DesiredForeignKey(
                name: StorageName.derived(table.name.name, [column.name], "fkey"), column: column.name, target: reference.table,
                action: action,
                owner: owner))
        guard isIndexed else { return }
        // A purge looks for the records that point at what goes, deleted ones included. Principals are disabled and never deleted.
        let predicate = reference.table == .principals ? IndexShape.notDeleted : nil
        addIndex([.init(column.name, nullsFirst: true), .init("id")], predicate: predicate, owner: owner, to: &table)
    }

    // MARK: Indexes of record types

    private mutating func addIndexes(of type: RecordType, to table: inout DesiredTable) {
        // "Mine" is the most frequent list and the first scope; newest first is the most frequent order. Nothing indexes updated_at or version
        // unasked: then every update would have to touch every index of the table.
        addIndex([.init("owner_id", nullsFirst: true), .init("id")], predicate: IndexShape.notDeleted, owner: type.module, to: &table)
        for key in type.uniqueKeys { addUnique(key, of: type, to: &table) }
        for rule in type.indexes { check(rule, of: type, to: &table) }
        for order in type.orders {
            let keys = order.keys.map {
                IndexShape.Key($0.column.name, collation: $0.collation, nullsFirst: !RecordType.isNeverNull($0.column.name))
            }
            addIndex(keys + [.init("id")], predicate: IndexShape.notDeleted, owner: order.owner, to: &table)
        }
        let orders = table.indexes.filter { index in
            index.shape.method == .btree && !index.shape.isUnique && index.shape.predicate == IndexShape.notDeleted
                && index.shape.keys.first?.column != "owner_id"
        }
        for column in apart[type.id] ?? [] where table.column(column) != nil { add(orders, within: column, of: type, to: &table) }
    }

    /// The orders that have an index, among the records with one value of a column.
    private mutating func add(_ orders: [DesiredIndex], within column: String, of type: RecordType, to table: inout DesiredTable) {
        let first = IndexShape.Key(column, nullsFirst: !RecordType.isNeverNull(column))
        // Without another order, records come by their ids.
        addIndex([first, .init("id")], predicate: IndexShape.notDeleted, owner: type.module, to: &table)
        for index in orders where index.shape.keys.first?.column != column {
            addIndex(
                [first] + index.shape.keys.filter { $0.column != column }, predicate: IndexShape.notDeleted, owner: index.owner, to: &table)
        }
    }

    private mutating func addUnique(_ key: UniqueKey, of type: RecordType, to table: inout DesiredTable) {
        let target = "\(type.id) unique (\(key.fields.joined(separator: ", ")))"
        guard areIndexable(key.fields, of: type, target: target) else { return }
        let shape = IndexShape(method: .btree, isUnique: true, keys: key.columns.map { .init($0) }, predicate: IndexShape.notDeleted)
        append(DesiredIndex(name: key.index, shape: shape, owner: key.owner), to: &table)
    }

    /// An index over words of a list is none over an order. Others are `RecordType.orders`.
    private mutating func check(_ rule: IndexRule, of type: RecordType, to table: inout DesiredTable) {
        let target = "\(type.id) index (\(rule.fields.joined(separator: ", ")))"
        if rule.fields.count == 1, let field = type.field(rule.fields[0]), field.isArray {
            let shape = IndexShape(method: .gin, isUnique: false, keys: [.init(field.key)], predicate: IndexShape.notDeleted)
            let name = StorageName.derived(type.key, [field.key], "gin")
            append(DesiredIndex(name: name, shape: shape, owner: rule.owner), to: &table)
            return
        }
        _ = areIndexable(rule.fields, of: type, target: target)
    }

    private mutating func areIndexable(_ names: [String], of type: RecordType, target: String) -> Bool {
        for name in names {
            if type.storedColumns(name).isEmpty {
                problem(
                    .unknownField, target, "\(type.id) has no stored field \"\(name)\".",
                    "Name fields kept in the record itself; links to many have indexes of their own.")
                return false
            }
            guard let field = type.field(name), let reason = field.reasonNotToIndex else { continue }
            problem(.notIndexable, target, "\"\(name)\" \(reason)", "Leave it out of the index, or change its type.")
            return false
        }
        return true
    }

    private func addIndex(_ keys: [IndexShape.Key], predicate: String? = nil, owner: String, to table: inout DesiredTable) {
        let shape = IndexShape(method: .btree, isUnique: false, keys: keys, predicate: predicate)
        let columns = keys.map(\.column)
        let name = StorageName.derived(table.name.name, columns.last == "id" ? columns.dropLast() : columns, shape.kind)
        append(DesiredIndex(name: name, shape: shape, owner: owner), to: &table)
    }

    /// Rules often name what has an index anyway. Another index of the same name stays, for the check of names to find.
    private func append(_ index: DesiredIndex, to table: inout DesiredTable) {
        if table.indexes.contains(where: { $0.name == index.name && $0.columns == index.columns }) { return }
        table.indexes.append(index)
    }

    // MARK: Tables of lists

    private mutating func add(_ child: ChildTable, of field: Field, in type: RecordType, _ search: SearchSchema?) {
        let path = "\(type.id).\(field.key)"
        var table = DesiredTable(
            name: child.name, owner: field.owner, subject: path, recordType: type.id, columns: [],
            primaryKey: .init(name: StorageName.derived(child.name.name, [], "pkey"), columns: child.primaryKey))
        let own: [Field] = if case .links(let links) = child.kind { links.columns } else { [] }
        let flags: Set<String> = ["is_primary", "opted_out", "invalid"]
        let ownColumns = Set(own.flatMap { $0.columns.map(\.name) })
        for column in child.columns(recordTable: type.table) where !ownColumns.contains(column.name) {
            table.columns.append(
                DesiredColumn(
                    name: column.name, type: column.type, isNotNull: !["kind", "extension"].contains(column.name),
                    standingDefault: flags.contains(column.name) ? "false" : nil, fill: nil, owner: field.owner, field: nil))
            addReference(column, isRequired: false, owner: field.owner, to: &table, isIndexed: false)
        }
        for column in own { addLinkColumn(column, path: "\(path).\(column.key)", to: &table) }
        addIndexes(of: child, owner: field.owner, to: &table)
        table.triggers = search?.triggers(on: child.name) ?? []
        schema.tables.append(table)
    }

    private mutating func addLinkColumn(_ field: Field, path: String, to table: inout DesiredTable) {
        if field.unique {
            problem(.notSupported, path, "a link's own column can't be unique yet.", "Remove `unique`.")
        }
        var columns = table
        addColumns(of: field, path: path, to: &columns)
        // Rows of links have no id and no deletion mark of their own.
        columns.indexes = columns.indexes.map { index in
            var index = index
            index.shape.keys = index.shape.keys.map { $0.column == "id" ? .init("source_id") : $0 }
            index.shape.predicate = nil
            return index
        }
        table = columns
    }

    private func addIndexes(of child: ChildTable, owner: String, to table: inout DesiredTable) {
        let record = child.recordColumn
        func add(_ columns: [String], _ kind: String, isUnique: Bool = false, predicate: String? = nil) {
            let parts = predicate == nil ? columns : columns + ["primary"]
            let shape = IndexShape(method: .btree, isUnique: isUnique, keys: columns.map { .init($0) }, predicate: predicate)
            append(DesiredIndex(name: StorageName.derived(child.name.name, parts, kind), shape: shape, owner: owner), to: &table)
        }
        if child.isLinks {
            add(["target_id", record], "idx")
        } else {
            add(["normalised", record], "idx")
            add([record, "normalised"], "key", isUnique: true)
        }
        add([record], "key", isUnique: true, predicate: IndexShape.primary)
    }
}

extension Field {
    /// Kept in one place of the record's own row, so that NOT NULL says what `required` means.
    var isOneValue: Bool {
        switch type {
        case .emails, .phones, .links, .address: false
        default: true
        }
    }

    var choices: [Choice] {
        switch type {
        case .choice(let choices), .multiChoice(let choices): choices
        default: []
        }
    }

    /// Why an ordered index over the field makes no sense; nil when it does.
    var reasonNotToIndex: String? {
        switch type {
        case .longText: "is long text, which doesn't fit an index entry (2,700 bytes)."
        case .json: "is JSON, which has no order."
        case .multiChoice, .tags: "is a list of words, which can only be indexed alone and is never unique."
        default: nil
        }
    }
}
