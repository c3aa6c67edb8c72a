import Catalog
import QueryLanguage
import Synchronization
import Transfer

/// A catalog as the API serves it: every type with what requests need of it, looked up once per catalog.
final class ApiModel: Sendable {
    let catalog: Catalog
    /// By the name of their collection.
    let types: [String: ApiType]
    let typesByID: [String: ApiType]
    private let documents = Mutex<[DocumentKey: [UInt8]]>([:])

    /// Descriptions of the deployment, made when they are first asked for. The address is part of some.
    struct DocumentKey: Hashable {
        enum Kind: Hashable {
            case csdlXML, csdlJSON, openAPI
        }

        var kind: Kind
        var root: String
    }

    init(_ catalog: Catalog) {
        self.catalog = catalog
        let types = catalog.types.compactMap { type in
            catalog.typeShape(named: type.id).map { ApiType(record: type, shape: $0, catalog: catalog) }
        }
        self.types = Dictionary(types.map { ($0.record.collection, $0) }, uniquingKeysWith: { first, _ in first })
        typesByID = Dictionary(types.map { ($0.record.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// In the catalog's order.
    var orderedTypes: [ApiType] { catalog.types.compactMap { typesByID[$0.id] } }

    func document(_ kind: DocumentKey.Kind, root: String, make: () -> [UInt8]) -> [UInt8] {
        let key = DocumentKey(kind: kind, root: root)
        if let made = documents.withLock({ $0[key] }) { return made }
        let made = make()
        documents.withLock { documents in
            // Roots come from Host headers, so that there may be any number of them.
            if documents.count >= 12 { documents.removeAll() }
            documents[key] = made
        }
        return made
    }
}

/// A record type as the API serves it.
final class ApiType: Sendable {
    let record: RecordType
    let shape: TypeShape
    /// Properties and links, in the order of the manifest.
    let properties: [Property]
    let input: InputShape
    /// Properties whose values name one record: unique fields and unique rules.
    let uniqueKeys: [[String]]
    /// Types of all properties that occur in keys.
    let keyTypes: [String: PropertyType]
    /// Names how its records look: another word as soon as fields come, go, are kept in another way or give records without a value another one.
    let form: String

    init(record: RecordType, shape: TypeShape, catalog: Catalog) {
        self.record = record
        self.shape = shape
        properties = shape.shape.properties.values.sorted { $0.ordinal < $1.ordinal }
        input = InputShape(record, shape: shape, catalog: catalog)
        uniqueKeys = InputShape.uniqueKeys(of: record)
        let columns = record.fieldColumns.map { "\($0.name) \($0.type.sql)" }
        let described = properties.map { "\($0.name) \($0.type.displayName)" } + columns
        // What an apply gives to records that have no value.
        let filled = record.fields.compactMap { field in field.defaultValue.map { "\(field.key) \(field.required) \($0)" } }
        form = String(FileDigest.sha256(of: (described + filled).joined(separator: "\n")).prefix(8))
        keyTypes = uniqueKeys.joined().reduce(into: ["id": .guid]) { $0[$1] = shape.shape.properties[$1]?.type }
    }

    var collection: String { record.collection }

    func property(_ name: String) -> Property? { shape.shape.properties[name] }

    /// What `_link` holds on records reached by a link to many, by the name of their shape.
    static func linkMembers(_ shape: TypeShape?) -> [Property] {
        guard case .complex(let complex)? = shape?.shape.properties[TypeShape.linkMember]?.type else { return [] }
        return complex.properties.values.sorted { $0.name < $1.name }
    }
}
