/// The cards of a file.
final class VCardFile: ImportSource {
    private let pieces: FilePieces
    private var reader = VCardReader()
    private var isAtEnd = false

    init(_ pieces: FilePieces) { self.pieces = pieces }

    var position: Int { pieces.position }
    var size: Int { pieces.size }

    func next() throws(ImportError) -> SourceRecord? {
        while true {
            do throws(VCardError) {
                if let item = try reader.next() { return .card(item) }
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
