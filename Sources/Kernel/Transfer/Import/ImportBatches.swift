import Records

/// The records of a file in batches, which end at the same records whenever the file is read.
struct ImportBatches {
    struct Row: Sendable {
        /// Of the record in the file, from 0.
        var number: Int
        var source: SourceRecord
        /// What it says, or why it can't be read.
        var record: Result<ImportedRecord, UnreadRecord>
    }

    /// A batch ends with the record that brings it over this many bytes: cards may hold photos.
    static let mostBytes = 16 << 20

    private let plan: ImportPlan
    private let source: any ImportSource
    private let size: Int
    private var count = 0
    private(set) var isAtEnd = false

    init(_ plan: ImportPlan, _ path: String, size: Int) throws(ImportError) {
        self.plan = plan
        self.size = size
        source = try plan.open(path)
    }

    /// How much of the file is read, from 0 to 1.
    var fraction: Double { Double(source.position) / Double(max(1, source.size)) }

    /// The next batch; empty after the last.
    ///
    /// - Parameter wanted: numbers of records; all others are passed over.
    mutating func next(only wanted: Set<Int>? = nil) throws -> [Row] {
        try Task.checkCancellation()
        var rows: [Row] = []
        var bytes = 0
        while rows.count < size, bytes < Self.mostBytes {
            guard let record = try read() else { break }
            if let wanted, !wanted.contains(count - 1) { continue }
            rows.append(Row(number: count - 1, source: record, record: plan.record(of: record)))
            bytes += record.bytes
        }
        return rows
    }

    /// Passes over a batch, and gives the number of its records.
    mutating func skip() throws -> Int {
        var skipped = 0
        var bytes = 0
        while skipped < size, bytes < Self.mostBytes {
            guard let record = try read() else { break }
            skipped += 1
            bytes += record.bytes
        }
        return skipped
    }

    private mutating func read() throws -> SourceRecord? {
        guard let record = try source.next() else {
            isAtEnd = true
            return nil
        }
        count += 1
        return record
    }
}
