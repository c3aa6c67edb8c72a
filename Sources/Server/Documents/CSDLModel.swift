import Catalog
import Manifests
import QueryLanguage
import Records

/// The entity model of a deployment (OData CSDL 4.01), apart from how it is written down.
struct CSDLModel {
    struct Annotation {
        var term: String
        var value: AnnotationValue
    }

    indirect enum AnnotationValue {
        case flag(Bool)
        case text(String)
        case number(String)
        case path(String)
        case paths([String])
        case texts([String])
        /// A member of an enumeration.
        case member(String, of: String)
        case record([(String, AnnotationValue)])
        /// A collection of records, each a list of members.
        case records([[(String, AnnotationValue)]])
    }

    struct Property {
        var name: String
        var type: String
        var isCollection = false
        var isNullable: Bool
        var maxLength: Int?
        var precision: Int?
        var scale: Int?
        var annotations: [Annotation] = []
    }

    struct Navigation {
        var name: String
        var type: String
        var isCollection: Bool
        var partner: String?
        var annotations: [Annotation] = []
    }

    struct StructuredType {
        var name: String
        var isEntity: Bool
        var base: String?
        var isOpen = false
        var properties: [Property]
        var navigations: [Navigation] = []
        var annotations: [Annotation] = []
    }

    struct Action {
        var name: String
        /// Type of the records it is bound to.
        var type: String
        var isOnCollection: Bool
        var parameters: [Property]
        var returnType: String?
        var returnsCollection = false
    }

    /// A kind of annotation that this model makes itself.
    struct Term {
        var name: String
        var type: String
        var annotations: [Annotation]
    }

    struct EntitySet {
        var name: String
        var type: String
        /// Navigation property to entity set.
        var bindings: [(path: String, target: String)]
        var annotations: [Annotation] = []
    }

    /// By namespace, in order.
    var namespaces: [(name: String, types: [StructuredType], actions: [Action])] = []
    var entitySets: [EntitySet] = []
    /// In `ownNamespace`.
    let terms = [
        Term(
            name: "category", type: "Edm.String",
            annotations: [
                Annotation(
                    term: "Org.OData.Core.V1.Description",
                    value: .text("The category of a choice: what code relies on, and what conditions read as property/category."))
            ])
    ]
    let version: ReadFormat.Version

    static let ownNamespace = "tessera"

    init(_ model: ApiModel, version: ReadFormat.Version) {
        self.version = version
        var types: [String: [StructuredType]] = [:]
        var order: [String] = []
        for type in model.orderedTypes {
            let namespace = type.record.module
            if types[namespace] == nil { order.append(namespace) }
            types[namespace, default: []] += structuredTypes(of: type, model)
            entitySets.append(entitySet(type, model))
        }
        namespaces = order.map { ($0, types[$0] ?? [], []) }
        namespaces.append((Self.ownNamespace, ownTypes, model.orderedTypes.flatMap(actions)))
    }

    // MARK: Types

    private func structuredTypes(of type: ApiType, _ model: ApiModel) -> [StructuredType] {
        var entity = StructuredType(name: type.record.key, isEntity: true, properties: [])
        entity.annotations = words(type.record.label, type.record.description)
        if !type.uniqueKeys.isEmpty {
            let keys = type.uniqueKeys.map { keys -> [(String, AnnotationValue)] in
                [("Key", .records(keys.map { [("Name", .path($0)), ("Alias", .text($0))] }))]
            }
            entity.annotations.append(Annotation(term: "Org.OData.Core.V1.AlternateKeys", value: .records(keys)))
        }
        var reached: [StructuredType] = []
        for facts in PropertyFacts.all(of: type, model.catalog) {
            switch facts.property.type {
            case .entity(let target):
                entity.navigations.append(navigation(facts, target, isCollection: false, type, model))
            case .entityOfSeveral:
                entity.navigations.append(navigation(facts, "Edm.EntityType", isCollection: false, type, model))
            case .entityCollection(let shape):
                let name = Self.typeName(ofShape: shape)
                entity.navigations.append(navigation(facts, name, isCollection: true, type, model))
                if shape.contains("/") { reached += linkTypes(shape, model) }
            case .untyped where version == .v4_0:
                // 4.0 has no type for any JSON, but open types may hold what isn't declared.
                entity.isOpen = true
            default:
                entity.properties.append(property(facts))
            }
        }
        return [entity] + reached
    }

    /// What a link to many leads to: the target with the link's own columns.
    private func linkTypes(_ shape: String, _ model: ApiModel) -> [StructuredType] {
        guard let typeShape = model.catalog.typeShape(named: shape) else { return [] }
        let name = Self.typeName(ofShape: shape)
        let local = String(name[name.index(after: name.lastIndex(of: ".") ?? name.startIndex)...])
        let columns = ApiType.linkMembers(typeShape).map { Property(name: $0.name, type: Self.edm($0.type), isNullable: $0.isNullable) }
        return [
            StructuredType(name: "\(local)_link", isEntity: false, properties: columns),
            StructuredType(
                name: local, isEntity: true, base: typeShape.recordType,
                properties: [Property(name: TypeShape.linkMember, type: "\(name)_link", isNullable: false)]),
        ]
    }

    private func navigation(
        _ facts: PropertyFacts, _ target: String, isCollection: Bool, _ type: ApiType, _ model: ApiModel
    ) -> Navigation {
        var navigation = Navigation(name: facts.property.name, type: target, isCollection: isCollection)
        switch (facts.field?.type, type.shape.binding(facts.property.name)) {
        case (.link(let link)?, _): navigation.partner = link.inverse
        case (_, .inverseOfOne(_, let column)): navigation.partner = column.hasSuffix("_id") ? String(column.dropLast(3)) : nil
        default: break
        }
        navigation.annotations = words(facts.label, facts.description)
        return navigation
    }

    private func property(_ facts: PropertyFacts) -> Property {
        var property = Property(
            name: facts.property.name, type: Self.edm(Self.item(facts.property.type)), isNullable: facts.property.isNullable)
        property.isCollection = if case .collection = facts.property.type { true } else { false }
        property.maxLength = facts.maxLength
        if let digits = facts.digits { (property.precision, property.scale) = (digits.precision, digits.scale) }
        switch facts.property.type {
        case .dateTimeOffset, .duration: property.precision = 6
        default: break
        }
        property.annotations = words(facts.label, facts.description)
        if facts.isComputed { property.annotations.append(Annotation(term: "Org.OData.Core.V1.Computed", value: .flag(true))) }
        if let pattern = facts.textRules?.pattern {
            property.annotations.append(Annotation(term: "Org.OData.Validation.V1.Pattern", value: .text(pattern.anchored)))
        }
        if let lower = facts.bounds.lower {
            property.annotations.append(Annotation(term: "Org.OData.Validation.V1.Minimum", value: .number(lower)))
        }
        if let upper = facts.bounds.upper {
            property.annotations.append(Annotation(term: "Org.OData.Validation.V1.Maximum", value: .number(upper)))
        }
        if let currency = facts.property.currencyProperty {
            property.annotations.append(Annotation(term: "Org.OData.Measures.V1.ISOCurrency", value: .path(currency)))
        }
        if !facts.choices.isEmpty {
            let values = facts.choices.map { choice -> [(String, AnnotationValue)] in
                [("Value", .text(choice.key)), ("@Org.OData.Core.V1.Description", .text(choice.label))]
                    + (choice.category.map { [("@\(Self.ownNamespace).category", .text($0))] } ?? [])
            }
            property.annotations.append(Annotation(term: "Org.OData.Validation.V1.AllowedValues", value: .records(values)))
        }
        return property
    }

    private func words(_ label: String, _ description: String?) -> [Annotation] {
        [Annotation(term: "Org.OData.Core.V1.Description", value: .text(label))]
            + (description.map { [Annotation(term: "Org.OData.Core.V1.LongDescription", value: .text($0))] } ?? [])
    }

    private var ownTypes: [StructuredType] {
        let text = { (name: String, nullable: Bool) in Property(name: name, type: "Edm.String", isNullable: nullable) }
        let flag = { (name: String) in Property(name: name, type: "Edm.Boolean", isNullable: false) }
        return [
            StructuredType(name: "address", isEntity: false, properties: AddressMember.allCases.map { text($0.rawValue, true) }),
            StructuredType(
                name: "email", isEntity: false,
                properties: [
                    text("address", false), text("normalised", false), text("kind", true), flag("is_primary"), flag("opted_out"),
                    flag("invalid"),
                ]),
            StructuredType(
                name: "phone", isEntity: false,
                properties: [
                    text("number", false), text("normalised", false), text("extension", true), text("kind", true), flag("is_primary"),
                    flag("invalid"),
                ]),
            StructuredType(
                name: "file", isEntity: false,
                properties: FileMember.allCases.map { Property(name: $0.rawValue, type: Self.edm($0.type), isNullable: false) }),
            StructuredType(
                name: "bulk_result", isEntity: false, isOpen: true,
                properties: [
                    Property(name: "status", type: "Edm.Int32", isNullable: false),
                    Property(name: "id", type: "Edm.Guid", isNullable: true),
                ]),
        ]
    }

    // MARK: Sets and actions

    private func entitySet(_ type: ApiType, _ model: ApiModel) -> EntitySet {
        var set = EntitySet(name: type.collection, type: type.record.id, bindings: [])
        for property in type.properties {
            let target: String? =
                switch property.type {
                case .entity(let name), .entityCollection(let name): model.catalog.typeShape(named: name)?.recordType
                default: nil
                }
            if let target, let targetType = model.typesByID[target] { set.bindings.append((property.name, targetType.collection)) }
        }
        set.annotations = words(type.record.labelPlural, nil)
        if version == .v4_01 { set.annotations += [Self.applySupported, Self.deepInsertSupport] }
        set.annotations.append(Annotation(term: "Org.OData.Core.V1.OptimisticConcurrency", value: .paths(["version"])))
        // A set of which nothing is said can be searched (OData Capabilities vocabulary).
        if !type.record.isSearchable {
            set.annotations.append(
                Annotation(term: "Org.OData.Capabilities.V1.SearchRestrictions", value: .record([("Searchable", .flag(false))])))
        }
        return set
    }

    /// New records may bring others with them, without references among them (OData Capabilities vocabulary).
    private static let deepInsertSupport = Annotation(
        term: "Org.OData.Capabilities.V1.DeepInsertSupport",
        value: .record([("Supported", .flag(true)), ("ContentIDSupported", .flag(false))]))

    /// What `$apply` can do (OData Extension for Data Aggregation 4.0, section 5.1).
    private static let applySupported = Annotation(
        term: "Org.OData.Aggregation.V1.ApplySupported",
        value: .record([
            ("Transformations", .texts(["filter", "compute", "groupby", "aggregate", "identity"])),
            ("Rollup", .member("None", of: "Org.OData.Aggregation.V1.RollupType")), ("From", .flag(false)),
        ]))

    private func actions(_ type: ApiType) -> [Action] {
        let single = Resource.Action.allCases.map { Action(name: $0.rawValue, type: type.record.id, isOnCollection: false, parameters: []) }
        guard version == .v4_01 else { return single }
        let bulk = Action(
            name: "bulk", type: type.record.id, isOnCollection: true,
            parameters: [
                Property(name: "operation", type: "Edm.String", isNullable: false),
                Property(name: "by", type: "Edm.String", isCollection: true, isNullable: false),
                Property(name: "items", type: "Edm.Untyped", isCollection: true, isNullable: false),
            ],
            returnType: "tessera.bulk_result", returnsCollection: true)
        return single + [bulk]
    }

    // MARK: Names

    /// `contacts.person/affiliations` is written `contacts.person_affiliations`.
    static func typeName(ofShape shape: String) -> String { shape.replacing("/", with: "_") }

    private static func item(_ type: PropertyType) -> PropertyType {
        if case .collection(let item) = type { item } else { type }
    }

    static func edm(_ type: PropertyType) -> String {
        switch type {
        case .choice: "Edm.String"
        case .complex(let shape): "\(ownNamespace).\(shape.name)"
        default: type.displayName
        }
    }
}
