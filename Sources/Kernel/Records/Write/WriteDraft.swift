import Catalog
import QueryLanguage

/// One item on its way into the store: checked values by column and list, and what is wrong with it.
struct WriteDraft: Sendable {
    /// Position in the caller's batch.
    let index: Int
    var id: GUID
    var expectedVersion: Int64?
    /// The stored version that rules and modules have judged; the write holds only if it is still that one.
    var checkedVersion: Int64?
    let isUpdate: Bool
    /// Values by column name, in the shape the column stores. Only what this write sets.
    var columns: [String: Value] = [:]
    /// Whole lists by field key: emails, phones, links to many. Only what this write replaces.
    var lists: [String: [ListRow]] = [:]
    /// Fields whose list in `lists` is no whole list yet: its entries join those that are stored.
    var joining: Set<String> = []
    /// Fields whose primary entry is to be none.
    var emptied: Set<String> = []
    /// Single links that its writer gave, which a list beside them may not contradict.
    var linked: Set<String> = []
    /// Lists of links none of which its writer called the primary one.
    var unflagged: Set<String> = []
    /// The primary entries of emails and phones that its writer gave beside their lists, by field key, and whether the list
    /// flags one itself.
    var primaries: [String: (entry: Value, isFlagged: Bool)] = [:]
    /// Keys of the fields this write sets.
    var fields: Set<String> = []
    /// Choices that are retired, by field key: only a record that has one keeps it.
    var retired: [String: [String]] = [:]
    /// Keys of fields that its writer set and writes, or sees, on some records only.
    var given: Set<String> = []
    /// Links named by a unique key of their target, still to be looked up.
    var pendingLinks: [PendingLink] = []
    /// New records of the same batch that this one links to.
    var linksWithin: Set<GUID> = []
    /// Its record stands outside the unique indexes until it is written (`BatchRunner.exchange`).
    var isSetAside = false
    var problems: [RecordsError.Detail] = []
    /// What the conditions read that problems come from.
    var asked: [RecordsError.Detail: Set<String>] = [:]
    /// Keys of the fields that its writer doesn't see on this record.
    var unseen: Set<String> = []

    init(index: Int, id: GUID, expectedVersion: Int64? = nil, isUpdate: Bool = false) {
        self.index = index
        self.id = id
        self.expectedVersion = expectedVersion
        self.isUpdate = isUpdate
    }

    /// - Parameter reads: keys of the fields that the condition reads which it breaks, if it is one.
    mutating func refuse(_ code: String, _ target: String?, _ message: String, asking reads: Set<String> = []) {
        let problem = RecordsError.Detail(code: code, target: target, message: message)
        problems.append(problem)
        if !reads.isEmpty { asked[problem, default: []].formUnion(reads) }
    }

    /// Whether it sets all of a field, so that what is stored doesn't show in it any more.
    func isWhole(_ field: Field) -> Bool {
        guard fields.contains(field.key), !joining.contains(field.key) else { return false }
        return lists[field.key] != nil || field.columns.allSatisfy { columns[$0.name] != nil }
    }

    /// Drafts with the same one can be written by one statement.
    var statementKey: [String] {
        columns.keys.sorted() + lists.keys.sorted().map { "[]\($0)" } + given.sorted().map { "!\($0)" } + (isSetAside ? ["-"] : [])
    }

    /// The failure this item ends with, once problems are known.
    func failure(of type: RecordType) -> RecordsError? {
        guard !problems.isEmpty else { return nil }
        // The same record fails with the same words, whatever order its values were read in.
        let order = Dictionary(type.fields.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        let problems = problems.sorted { left, right in
            let places = (order[left.property ?? ""] ?? .max, order[right.property ?? ""] ?? .max)
            guard places.0 == places.1 else { return places.0 < places.1 }
            // Of a list's entries the third comes before the eleventh.
            let (one, other) = (left.target ?? "", right.target ?? "")
            guard left.property == right.property, one.utf8.count != other.utf8.count else {
                return (one, left.message) < (other, right.message)
            }
            return one.utf8.count < other.utf8.count
        }
        let first = problems[0]
        let message =
            problems.count == 1
            ? first.message : "\(problems.count) values of this \(type.label.lowercased()) can't be stored; see details."
        return RecordsError(.invalid, message, target: first.target, details: problems)
    }
}

extension RecordsError.Detail {
    /// The property that the target lies in: `emails` of `emails/1/address`.
    var property: String? { target.map { String($0.prefix { $0 != "/" }) } }
}

/// A row of a list table, by column name; the record's own id column left out.
typealias ListRow = [String: Value]

/// A link given as `{ name: "Acme" }` in place of an id.
struct PendingLink: Sendable {
    var field: String
    var target: String
    /// One unique property of the target and its value.
    var property: String
    var value: Value
    /// For links to many: the position of the row in the list.
    var row: Int?
}
