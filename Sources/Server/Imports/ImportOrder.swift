import Catalog
import Manifests
import NIOHTTP1
import QueryLanguage
import Records
import Transfer

/// What an import is to do, beside its file: the JSON that `POST /api/imports` takes, alone or as the part `options` of a form.
///
///     {"collection": "organisations", "file_id": "…", "match": ["name"], "create_links": true}
struct ImportOrder: Sendable {
    /// The member that names an uploaded file, where the request doesn't bring one.
    static let fileMember = "file_id"
    private static let members = [
        "collection", fileMember, "match", "mapping", "sheet", "create_links", "automation", "restart",
    ]

    let type: RecordType
    /// The JSON without the file: what is kept with a job, and read again from there.
    let value: Value
    private(set) var file: GUID?
    private(set) var match: [String] = []
    private(set) var mapping: ImportMapping?
    private(set) var sheet: String?
    private(set) var createsLinks = false
    /// Nil where the number of rows decides.
    private(set) var runsAutomation: Bool?
    private(set) var isRestart = false

    /// Checks all that can be told without the file.
    init(_ value: Value, catalog: Catalog) throws(APIError) {
        guard case .complex(var members) = value else { throw Self.bad("The options of an import are a JSON object.") }
        members = members.filter { !$0.value.isNull && !$0.key.hasPrefix("@") }
        for name in members.keys.sorted() where !Self.members.contains(name) {
            let hint = Spelling.closest(to: name, in: Self.members).map { " Did you mean '\($0)'?" } ?? ""
            throw Self.bad("An import has no option '\(name)'.\(hint)", name)
        }
        guard let collection = members["collection"]?.asText else {
            throw Self.bad("An import needs collection: where its records go, such as people.", "collection")
        }
        guard let type = catalog.type(collection: collection) else {
            let hint =
                Spelling.closest(to: collection, in: catalog.types.map(\.collection)).map { " Did you mean '\($0)'?" }
                ?? " GET /api lists what there is."
            throw Self.bad("This deployment has no collection '\(collection)'.\(hint)", "collection")
        }
        self.type = type
        file = try Self.read(members[Self.fileMember], Self.fileMember, "the id of an uploaded file", \.asGUID)
        match = try Self.read(members["match"], "match", "a list of property names") { $0.names } ?? []
        sheet = try Self.read(members["sheet"], "sheet", "the name of a sheet", \.asText)
        createsLinks = try Self.read(members["create_links"], "create_links", "true or false", \.asBool) ?? false
        runsAutomation = try Self.read(members["automation"], "automation", "true or false", \.asBool)
        isRestart = try Self.read(members["restart"], "restart", "true or false", \.asBool) ?? false
        mapping = try members["mapping"].map { (given) throws(APIError) in try Self.mapping(given) }
        do throws(ImportError) {
            try ImportPlan.requireProperties(mapping, match: match, of: type, catalog: catalog)
        } catch {
            let target = error.message.hasPrefix("match:") && !match.isEmpty ? "match" : "mapping"
            throw APIError(error, target: target)
        }
        members[Self.fileMember] = nil
        self.value = .complex(members)
    }

    private static func read<R>(_ value: Value?, _ name: String, _ wanted: String, _ read: (Value) -> R?) throws(APIError) -> R? {
        guard let value else { return nil }
        guard let result = read(value) else { throw bad("\(name) is \(wanted).", name) }
        return result
    }

    /// A mapping as the file has it (YAML), or the same as a JSON object, which is YAML too.
    private static func mapping(_ value: Value) throws(APIError) -> ImportMapping {
        let text: String
        switch value {
        case .string(let yaml): text = yaml
        case .complex: text = value.json
        default: throw bad("mapping is a JSON object, or the text of a mapping file.", "mapping")
        }
        let parsed = ImportMapping.parse(ManifestSource(path: "mapping", bytes: Array(text.utf8)))
        guard parsed.isValid, let mapping = parsed.manifest else {
            var error = bad("The mapping can't be used; details says why.", "mapping")
            error.details = parsed.diagnostics.map { APIError.Detail(code: badOption, message: $0.description, target: "mapping") }
            throw error
        }
        return mapping
    }

    private static let badOption = "import.bad_option"

    static func bad(_ message: String, _ target: String? = nil) -> APIError {
        APIError(.badRequest, badOption, message, target: target)
    }
}

extension Value {
    /// The texts of a list; nil for anything else.
    fileprivate var names: [String]? {
        guard case .collection(let items) = self else { return nil }
        let texts = items.compactMap(\.asText)
        return texts.count == items.count ? texts : nil
    }
}
