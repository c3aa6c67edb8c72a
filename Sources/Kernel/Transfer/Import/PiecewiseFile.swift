/// A reader that gets its file piece by piece and makes records of it.
protocol PieceReader {
    /// Why the file can't be read any further, with its line.
    associatedtype Failure: Error & CustomStringConvertible

    mutating func append(_ bytes: [UInt8])
    /// No more bytes come.
    mutating func finish()
    /// The next record; nil when more bytes are needed, or after the last record.
    mutating func nextRecord() throws(Failure) -> SourceRecord?
    /// Rows of empty cells that were passed over so far.
    var blankRows: Int { get }
}

/// The records of a file that is read from its beginning to its end.
final class PiecewiseFile<Reader: PieceReader>: ImportSource {
    private let pieces: FilePieces
    private var reader: Reader
    private var isAtEnd = false

    init(_ pieces: FilePieces, _ reader: Reader) {
        self.pieces = pieces
        self.reader = reader
    }

    var blankRows: Int { reader.blankRows }
    var position: Int { pieces.position }
    var size: Int { pieces.size }

    func next() throws(ImportError) -> SourceRecord? {
        while true {
            do throws(Reader.Failure) {
                if let record = try reader.nextRecord() { return record }
            } catch {
                throw ImportError(.unreadable, "\(pieces.path): \(error)")
            }
            if isAtEnd { return nil }
            let piece = try pieces.next()
            if piece.isEmpty {
                reader.finish()
                isAtEnd = true
            } else {
                reader.append(piece)
            }
        }
    }
}

/// The rows of a CSV file but those without any value.
struct CSVRows: PieceReader {
    typealias Failure = CSVError

    private var reader = CSVReader()
    private(set) var blankRows = 0

    mutating func append(_ bytes: [UInt8]) { reader.append(bytes) }

    mutating func finish() { reader.finish() }

    mutating func nextRecord() throws(CSVError) -> SourceRecord? {
        var row = TableRow()
        while try reader.next(into: &row) {
            guard row.isBlank else { return .row(row) }
            // A line without anything is none.
            if row.count > 1 { blankRows += 1 }
        }
        return nil
    }
}

extension VCardReader: PieceReader {
    typealias Failure = VCardError

    var blankRows: Int { 0 }

    mutating func nextRecord() throws(VCardError) -> SourceRecord? { try next().map { .card($0) } }
}
