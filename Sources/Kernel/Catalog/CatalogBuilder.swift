package import Manifests
import QueryLanguage

extension Catalog {
    /// Compiles a composition: every declaration becomes a record type or a field, every expression is parsed and type-checked.
    ///
    /// - Throws: `CatalogError` with all findings, each at its place in the manifest.
    package init(composition: Composition) throws(CatalogError) {
        let catalog = Catalog(withoutConditions: composition)
        // Conditions name properties, so they can only be checked once every type is known.
        var checker = ConditionChecker(catalog: catalog)
        let types = zip(catalog.types, composition.types).map { checker.complete($0, from: $1) }
        var viewChecker = ViewChecker(catalog: catalog)
        let views = viewChecker.views(of: composition)
        var roleChecker = RoleChecker(catalog: catalog)
        let roles = roleChecker.roles(of: composition)
        var subscriptionChecker = SubscriptionChecker(catalog: catalog)
        let subscriptions = subscriptionChecker.subscriptions(of: composition)
        let diagnostics =
            checker.diagnostics + viewChecker.diagnostics + roleChecker.diagnostics + subscriptionChecker.diagnostics
        guard diagnostics.isEmpty else { throw CatalogError(diagnostics: diagnostics) }
        self.init(
            deployment: catalog.deployment, currency: catalog.currency, timeZone: catalog.timeZone, modules: catalog.modules, types: types,
            views: views, roles: roles, demands: roleChecker.everybody, subscriptions: subscriptions)
    }

    /// What is wrong with the conditions, views and roles of a composition that has other errors, so that all are told at once. Names that may
    /// be those of broken declarations are not judged.
    package static func conditionFindings(in partial: PartialComposition) -> [Diagnostic] {
        let (composition, doubt) = (partial.composition, NameDoubt(partial))
        let catalog = Catalog(withoutConditions: composition)
        var checker = ConditionChecker(catalog: catalog, doubt: doubt)
        for (draft, composed) in zip(catalog.types, composition.types) { _ = checker.complete(draft, from: composed) }
        var viewChecker = ViewChecker(catalog: catalog, doubt: doubt)
        _ = viewChecker.views(of: composition)
        var roleChecker = RoleChecker(catalog: catalog, doubt: doubt)
        _ = roleChecker.roles(of: composition)
        var subscriptionChecker = SubscriptionChecker(catalog: catalog, doubt: doubt)
        _ = subscriptionChecker.subscriptions(of: composition)
        return checker.diagnostics + viewChecker.diagnostics + roleChecker.diagnostics + subscriptionChecker.diagnostics
    }

    private init(withoutConditions composition: Composition) {
        let deployment = composition.deployment
        self.init(
            deployment: deployment.name.value,
            currency: deployment.currency,
            timeZone: deployment.timeZone.value,
            modules: composition.modules.map {
                CatalogModule(id: $0.manifest.id.value, version: "\($0.manifest.version.value)", name: $0.manifest.name)
            },
            types: composition.types.map { RecordType(composed: $0, currency: deployment.currency) }
        )
    }
}

/// Why a composition makes no catalog.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
    package var diagnostics: [Diagnostic]

    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

extension RecordType {
    /// Takes over everything but the conditions.
    fileprivate init(composed: ComposedType, currency: String) {
        let declaration = composed.declaration
        self.init(
            id: declaration.name.description,
            module: declaration.name.module,
            key: declaration.key,
            collection: declaration.collection.value,
            label: composed.label,
            labelPlural: composed.labelPlural,
            description: declaration.description,
            displayField: declaration.display?.value,
            fields: composed.fields.map { Field(declaration: $0.declaration, owner: $0.owner, currency: currency) },
            indexes: composed.indexes.map { IndexRule(fields: $0.declaration.fields.map(\.value), owner: $0.owner) },
            uniques: composed.unique.map {
                UniqueRule(fields: $0.declaration.fields.map(\.value), message: $0.declaration.message, owner: $0.owner)
            },
            rules: [],
            requiresIfMatch: declaration.isETagRequired,
            parent: declaration.inherits.flatMap { key in
                guard case .link(let link)? = composed.field(key.value)?.declaration.kind else { return nil }
                return ParentLink(field: key.value, type: link.target.name.description)
            },
            alsoCalled: declaration.alsoCalled
        )
    }
}

extension Field {
    /// Takes over everything but the conditions.
    init(declaration: FieldDeclaration, owner: String, currency: String) {
        self.init(
            key: declaration.key,
            label: declaration.label,
            description: declaration.description,
            type: FieldType(declaration.kind, owner: owner, currency: currency),
            required: declaration.isRequired,
            unique: declaration.isUnique,
            readOnly: declaration.isReadOnly,
            defaultValue: declaration.defaultValue.map { FieldDefault($0.value, currency: currency) },
            requiredWhen: nil,
            readOnlyWhen: nil,
            owner: owner,
            vcard: declaration.vcard,
            location: declaration.location,
            search: declaration.search,
            alsoCalled: declaration.alsoCalled
        )
    }
}

extension FieldType {
    fileprivate init(_ kind: FieldKind, owner: String, currency: String) {
        switch kind {
        case .text(let options): self = .text(TextRules(options))
        case .longText(let options): self = .longText(TextRules(minLength: options.length?.min, maxLength: options.length?.max))
        case .integer(let options): self = .integer(ClosedBounds(options.range) { $0 })
        case .decimal(let options):
            self = .decimal(precision: options.precision, scale: options.scale, ClosedBounds(options.range, DecimalNumber.init(literal:)))
        case .money(let options): self = .money(ClosedBounds(options.range, DecimalNumber.init(literal:)))
        case .boolean: self = .boolean
        case .date(let options): self = .date(ClosedBounds(options.range, CalendarDate.init(literal:)))
        case .dateTime(let options): self = .dateTime(ClosedBounds(options.range) { DateTime(microseconds: $0.microseconds) })
        case .duration(let options):
            self = .duration(ClosedBounds(options.range) { DayTimeDuration(microseconds: $0.microseconds) })
        case .choice(let options): self = .choice(options.choices.map(Choice.init))
        case .multiChoice(let options): self = .multiChoice(options.choices.map(Choice.init))
        case .emails(let options): self = .emails(maxCount: options.maxCount)
        case .phones(let options): self = .phones(maxCount: options.maxCount)
        case .url(let options): self = .url(TextRules(options))
        case .address: self = .address
        case .tags(let options): self = .tags(maxCount: options.maxCount)
        case .link(let options):
            self = .link(
                Link(
                    target: options.target.name.description, inverse: options.inverse?.value, onDelete: options.onDelete,
                    isAcyclic: options.isAcyclic))
        case .links(let options):
            self = .links(
                Links(
                    target: options.target.name.description, inverse: options.inverse?.value, primary: options.primary?.value,
                    columns: options.columns.map { Field(declaration: $0, owner: owner, currency: currency) }))
        case .linkAny(let options): self = .linkAny(targets: options.targets.map { $0.name.description })
        case .user: self = .user
        case .file: self = .file
        case .json: self = .json
        case .autoNumber(let options): self = .autoNumber(options.pattern.value)
        }
    }
}

extension TextRules {
    fileprivate init(_ options: TextOptions) {
        self.init(
            minLength: options.length?.min, maxLength: options.length?.max, pattern: options.pattern?.value,
            sortLanguage: options.sortLanguage?.value)
    }
}

extension ClosedBounds {
    fileprivate init<Literal>(_ range: ValueRange<Literal>?, _ convert: (Literal) -> Bound?) {
        self.init(lower: range?.min.flatMap(convert), upper: range?.max.flatMap(convert))
    }
}

extension Choice {
    fileprivate init(_ declaration: ChoiceDeclaration) {
        self.init(
            key: declaration.key, label: declaration.label, color: declaration.color?.rawValue, category: declaration.category,
            retired: declaration.isRetired)
    }
}

extension FieldDefault {
    fileprivate init(_ value: DefaultValue, currency: String) {
        switch value {
        case .text(let text): self = .value(.string(normalizedNFC(text)))
        case .integer(let number): self = .value(.integer(number))
        case .decimal(let literal): self = .value(DecimalNumber(literal: literal).map(Value.decimal) ?? .null)
        case .money(let amount, let own): self = .money(DecimalNumber(literal: amount) ?? .zero, currency: own ?? currency)
        case .boolean(let flag): self = .value(.bool(flag))
        case .date(let literal): self = .value(CalendarDate(literal: literal).map(Value.date) ?? .null)
        case .today: self = .today
        case .dateTime(let literal): self = .value(.dateTime(DateTime(microseconds: literal.microseconds)))
        case .now: self = .now
        case .duration(let literal): self = .value(.duration(DayTimeDuration(microseconds: literal.microseconds)))
        case .choice(let key): self = .value(.string(key))
        case .list(let items): self = .value(.collection(items.map { .string(normalizedNFC($0)) }))
        }
    }
}

extension DecimalNumber {
    /// A manifest's literal has at most 38 digits, so that this never fails on what the parser let through.
    fileprivate init?(literal: DecimalLiteral) { self.init("\(literal)") }
}

extension CalendarDate {
    fileprivate init?(literal: DateLiteral) { self.init(year: literal.year, month: literal.month, day: literal.day) }
}
