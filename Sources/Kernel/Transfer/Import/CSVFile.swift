/// The rows of a CSV file.
final class CSVFile: ImportSource {
    private let pieces: FilePieces
    private var reader = CSVReader()
    private var row = TableRow()
    private var isAtEnd = false

    init(_ pieces: FilePieces) { self.pieces = pieces }

    var position: Int { pieces.position }
    var size: Int { pieces.size }

    func next() throws(ImportError) -> SourceRecord? {
        while true {
            do throws(CSVError) {
                while try reader.next(into: &row) {
                    if row.count > 1 || !row.isEmpty(0) { return .row(row) }
                }
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
