import Events
import Jobs
import QueryLanguage
import Records
import Transfer

/// Where a command's answers come from: the deployment's database in this process, or a running server. What commands show is the same.
protocol Backend: Sendable {
    // MARK: Change sets

    /// Newest first.
    func changeSets(limit: Int) async throws -> [ChangeSetEntry]

    /// A change set with its first changes, and whether there are more; nil when there is none of this id.
    func changeSet(_ id: GUID, changes: Int) async throws -> (entry: ChangeSetEntry, changes: [RecordChange], isCut: Bool)?

    /// Takes a change set back, or tells what that would do.
    ///
    /// - Parameter progress: gets the number of records so far.
    func undo(_ id: GUID, isRehearsal: Bool, progress: @escaping @Sendable (Int) -> Void) async throws -> UndoReport

    // MARK: Jobs

    /// Newest first.
    func jobs(limit: Int) async throws -> [Job]

    func job(_ id: GUID) async throws -> Job?

    /// The job once it has ended; nil when there is none of this id.
    ///
    /// - Parameter progress: told how it stands, again and again.
    func watch(_ id: GUID, progress: @escaping @Sendable (Job) -> Void) async throws -> Job?

    /// Asks a job to stop; false when it has ended already.
    func cancel(_ id: GUID) async throws -> Bool

    // MARK: Events

    func eventStatus() async throws -> EventStatus

    /// Events from a position on, and the position from which the next page goes on; the newest ones when no position is given.
    func events(from position: Int64?, topic: TopicPattern?, limit: Int) async throws -> (events: [Event], next: Int64)
    /// Hands on what comes from a position on, until it is cancelled.
    func followEvents(from position: Int64, topic: TopicPattern?, _ show: @escaping @Sendable ([Event]) -> Void) async throws

    /// What subscriptions have put aside.
    func eventsAside(of subscription: String?, state: String?, limit: Int) async throws -> [Delivery]

    /// Does what is wanted of a subscription; how many events it concerns.
    func order(_ order: SubscriptionOrder) async throws -> Int64

    /// What became of a record, newest first, and whether there is more; nil when there is no such record.
    func history(_ collection: String, _ id: GUID, limit: Int) async throws -> (entries: [HistoryEntry], isCut: Bool)?

    // MARK: Records

    /// The first records of a list (`people?filter=…`), and whether there are more.
    func records(_ query: String, limit: Int) async throws -> (records: [ShownRecord], isCut: Bool)

    /// Writes a list (`people?filter=…`) in a format of `ExportFormat.names`.
    ///
    /// - Parameter write: gets piece after piece, and none before the list is known to be one.
    func export(
        _ query: String, format: String, display: ProgressDisplay, write: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws

    /// Looks through a file and says what an import would do with it; changes no record.
    func prepare(_ order: ImportCommandOrder, display: ProgressDisplay) async throws -> any PreparedImport
}

/// An import as the command line asks for it.
struct ImportCommandOrder: Sendable {
    var collection: String
    var file: String
    var match: [String]
    /// The text of a mapping file, and its path.
    var mapping: (path: String, bytes: [UInt8])?
    var sheet: String?
    var createsLinks: Bool
    var isRehearsal: Bool
    var isRestart: Bool
    /// Nil where the number of rows decides.
    var runsAutomation: Bool?
}

/// An import whose file is known.
protocol PreparedImport: Sendable {
    var preview: ImportPreview { get }

    /// Brings the file in, or tries it.
    ///
    /// - Parameter failed: where rows that fail are written; nothing is where none fails. Nil to write none.
    func run(failed file: FailedRowsFile?, display: ProgressDisplay) async throws -> ImportReport
}

/// What an import will do with the columns of its file.
struct ImportPreview: Sendable {
    var rows: Int
    var assignments: [(source: String, target: String, format: String?)]
    /// Headers, or properties of cards, that fill nothing.
    var leftOut: [String]
    /// What to know before the import begins, in sentences.
    var notes: [String]
    /// Columns whose format the mapping has to say before the import can begin.
    var doubts: [FormatDoubt]
    /// The text of the mapping file; empty for cards.
    var mapping: String
    /// What the file of failed rows is called unless the command says otherwise.
    var failedPath: String
}

/// What came of an import.
struct ImportReport: Sendable {
    var created: Int
    var updated: Int
    var unchanged: Int
    var failed: Int
    /// Nil when nothing was kept.
    var changeSet: GUID?
    /// The first rows that failed.
    var errors: [(line: Int, reason: String)]
    /// The text of the mapping that reads the file of failed rows; nil for cards, and where none failed.
    var failedRowsMapping: String?
    /// Of a dry run: what would change.
    var changes: RehearsedChanges?

    static let shownErrors = 5
    static let shownChanges = 10
}

extension [FormatDoubt] {
    /// By header.
    var candidates: [String: [String]] { Dictionary(map { ($0.header, $0.candidates) }) { first, _ in first } }
}
