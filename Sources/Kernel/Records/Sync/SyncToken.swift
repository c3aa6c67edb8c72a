package import QueryLanguage

/// What a `deltatoken` holds: which transactions a client has seen, and, within a long answer, which it is being told of.
///
/// A snapshot lists the transactions that were still running, so that one which commits late is told later, whatever ids and times its records
/// have. Opaque to clients, and bound to the query and its own content like a skiptoken.
package struct SyncToken: Sendable, Hashable {
    /// Transactions that the client has seen, as PostgreSQL writes a `pg_snapshot`.
    var seen: String
    /// Seconds since 1970 when the synchronisation this token continues was last up to date.
    var issued: Int64
    /// The line of history whose transactions these are, as `HistoryEpoch` names it: within a long answer, that of `until`.
    var system: String
    /// Within an answer of several pages: the transactions it tells of, and the last record.
    var until: String?
    var last: GUID?
    /// What the list asks for, in the form that its types had.
    var form: ListForm
    /// Of those who don't read everything: the rights that it was given under.
    var rights: String?

    /// How long a token can be used.
    package static let lifetime: Int64 = 30 * 24 * 3_600

    private static let types: [PropertyType] = [.string, .int64, .string, .string, .guid, .string]
    private static let typesWithRights = types + [.string]

    package func encoded(for query: String) -> String {
        PageToken(
            remaining: nil,
            values: [
                .string(seen), .integer(issued), .string(system), until.map { .string($0) } ?? .null, last.map { .guid($0) } ?? .null,
                .string(form.text),
            ] + (rights.map { [.string($0)] } ?? [])
        ).encoded(for: "delta|\(query)")
    }

    /// Nil for anything that `encoded(for:)` did not make for this query.
    package init?(_ text: String, for query: String) {
        let pages = [Self.typesWithRights, Self.types].compactMap { types in
            PageToken(text, for: "delta|\(query)", types: types).flatMap { $0.values.count == types.count ? $0 : nil }
        }
        guard let page = pages.first, case .string(let seen) = page.values[0], Self.isSnapshot(seen),
            case .integer(let issued) = page.values[1], issued >= 0,
            case .string(let system) = page.values[2], case .string(let text) = page.values[5], let form = ListForm(text)
        else { return nil }
        self.form = form
        self.seen = seen
        self.issued = issued
        self.system = system
        if page.values.count > Self.types.count {
            guard case .string(let rights) = page.values[6] else { return nil }
            self.rights = rights
        }
        if case .string(let until) = page.values[3] {
            guard Self.isSnapshot(until), case .guid(let last) = page.values[4] else { return nil }
            self.until = until
            self.last = last
        }
    }

    package init(
        seen: String, issued: Int64, system: String, until: String? = nil, last: GUID? = nil, form: ListForm, rights: String? = nil
    ) {
        self.seen = seen
        self.issued = issued
        self.system = system
        self.until = until
        self.last = last
        self.form = form
        self.rights = rights
    }

    /// `xmin:xmax:xip,…`: numbers of 64 bits, those in progress in order and between the two others.
    package static func isSnapshot(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let low = number(parts[0]), let high = number(parts[1]), low > 0, low <= high else { return false }
        var before = low
        for (index, part) in parts[2].split(separator: ",", omittingEmptySubsequences: false).enumerated() where !parts[2].isEmpty {
            guard let running = number(part), running >= before, running < high, index == 0 || running > before else { return false }
            before = running
        }
        return true
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt64(text)
    }
}
