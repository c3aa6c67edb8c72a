import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// Lists that a client keeps up to date: `Prefer: track-changes` and delta links (OData Protocol 4.01 section 11.3).
extension Call {
    func tracked(_ type: ApiType, _ query: CheckedQuery) async throws -> ServerResponse {
        // At the other end, what left the caller's reach would have to be told from what never was in it.
        guard access.rights.isUnlimited || query.expand.isEmpty else { throw APIError.notYetFor("Tracking the changes of expanded links") }
        if let item = query.expand.first(where: { $0.tracksSeveralTypes }) {
            throw APIError.notSupported(
                "\(item.link.name) links to several types; its changes can't be tracked: leave it out, and track their collections.",
                target: "$expand")
        }
        guard query.apply == nil else {
            throw APIError(
                .badRequest, "query.option_not_allowed",
                "A tracked list takes no $apply: what it makes are no records whose changes could be told. Track the collection without it.",
                target: "$apply")
        }
        if query.top != nil || query.skip != nil {
            throw APIError(
                .badRequest, "query.option_not_allowed",
                "A tracked list takes no $top and no $skip: Prefer: maxpagesize cuts it into pages.",
                target: query.top == nil ? "$skip" : "$top")
        }
        let request = listRequest(type, query)
        let context = type.collection + selection(query)
        guard let token = query.deltaToken else {
            let token = try await store.syncToken(request, now: Self.now, access: access)
            return response(page: try await store.list(request, access: access), context: context, delta: token)
        }
        // With a place to go on from, these are the pages of the list itself.
        if query.skipToken != nil {
            return response(page: try await store.list(request, access: access), context: context, delta: token)
        }
        let changes = try await store.changes(request, since: token, now: Self.now, access: access)
        return response(changes: changes, context: "\(context)/$delta")
    }

    private func response(changes: ChangesPage, context fragment: String) -> ServerResponse {
        var json = ByteBuffer()
        json.reserveCapacity(changes.items.count + 512)
        json.writeString("{\(context(fragment))\"value\":[")
        json.writeBytes(changes.items)
        let (name, token) =
            switch changes.next {
            case .page(let token): ("nextLink", token)
            case .delta(let token): ("deltaLink", token)
            }
        json.writeString("],\"\(negotiation.prefix)\(name)\":\"\(link(["$deltatoken=\(PercentEncoding.encode(token))"]))\"}")
        return response(.ok, json: json, appliedPreferences(tracks: true))
    }

    private static var now: Int64 { DateTime.now.microseconds / 1_000_000 }
}

extension CheckedExpand {
    /// Whether it, or a link expanded in it, leads to records of several types.
    fileprivate var tracksSeveralTypes: Bool {
        if case .entityOfSeveral = link.type { return true }
        return query.expand.contains(where: \.tracksSeveralTypes)
    }
}
