import Catalog
import QueryLanguage
import Records

/// `people?filter=…` as a person types it, checked against a store's catalog.
struct ListQuery {
    let type: RecordType
    let query: CheckedQuery

    init(_ text: String, store: RecordStore) throws {
        let catalog = store.catalog
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let collection = parts.first ?? ""
        type = try Self.type(collection: collection, catalog: catalog)
        guard let shape = catalog.entityShape(named: type.id) else { throw Self.unknown(collection, catalog) }
        do {
            let options = try QueryOptions.parse(urlQuery: parts.count > 1 ? parts[1] : "")
            try Self.requireKnown(options)
            query = try QueryChecker(schema: DeploymentSchema(catalog: catalog, hooks: store.hooks)).check(options, on: shape)
        } catch let error as QueryError {
            throw Failure(.wrongInput, "column \(error.column + collection.unicodeScalars.count + 1): \(error.fullMessage)")
        }
    }

    /// The record type of a collection.
    static func type(collection: String, catalog: Catalog) throws -> RecordType {
        guard let type = catalog.type(collection: collection) else { throw unknown(collection, catalog) }
        return type
    }

    private static func unknown(_ collection: String, _ catalog: Catalog) -> Failure {
        let known = catalog.types.map(\.collection)
        let hint =
            Spelling.closest(to: collection, in: known).map { "; did you mean \($0)?" }
            ?? "; there is \(known.sorted().joined(separator: ", "))"
        return Failure(.wrongInput, "this deployment has no collection '\(collection)'\(hint)")
    }

    /// An option that is misspelt would be taken for one of the caller's own, and its condition ignored.
    private static func requireKnown(_ options: QueryOptions) throws {
        guard let stranger = options.custom.first else { return }
        let names = ["filter", "orderby", "select", "expand", "compute", "search", "apply", "top", "skip", "count"]
        let hint = Spelling.closest(to: stranger.name, in: names).map { "; did you mean \($0)?" } ?? ""
        throw Failure(.wrongInput, "there is no query option '\(stranger.name)'\(hint)")
    }
}
