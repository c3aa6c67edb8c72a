/// The rows of one sheet of a workbook.
final class XLSXFile: ImportSource {
    private let path: String
    private let part: ZipPart
    private let events: XMLEvents
    private let sheet: SheetReader
    private var isAtEnd = false
    private(set) var blankRows = 0

    /// - Parameter name: the sheet; nil takes the first.
    init(_ path: String, sheet name: String?, limits: XLSXLimits = XLSXLimits()) throws(ImportError) {
        self.path = path
        do throws(XLSXError) {
            let archive = try ZipArchive(path: path, limits: limits)
            let workbook = try Workbook(archive, limits: limits)
            guard let found = workbook.sheet(named: name) else {
                let names = workbook.sheets.map { "'\($0.name)'" }.joined(separator: ", ")
                throw XLSXError(name.map { "there is no sheet '\($0)'; there is \(names)" } ?? "the workbook has no sheet")
            }
            guard let part = try archive.part(found.part) else { throw XLSXError("the sheet '\(found.name)' is missing in the file") }
            self.part = part
            sheet = SheetReader(workbook: workbook, limits: limits)
            events = XMLEvents(part: found.part, handler: sheet)
        } catch {
            throw ImportError(.unreadable, "\(path): \(error)")
        }
    }

    var position: Int { Int(part.position) }
    var size: Int { Int(part.size) }

    func next() throws(ImportError) -> SourceRecord? {
        while true {
            if let row = sheet.next() {
                if !row.isBlank { return .row(row) }
                blankRows += 1
                continue
            }
            if isAtEnd { return nil }
            do throws(XLSXError) {
                let piece = try part.read()
                try events.read(piece)
                isAtEnd = piece.isEmpty
            } catch {
                throw ImportError(.unreadable, "\(path): \(error)")
            }
        }
    }
}

extension Workbook {
    fileprivate func sheet(named name: String?) -> Sheet? {
        guard let name else { return sheets.first }
        return sheets.first { $0.name == name } ?? sheets.first { $0.name.lowercased() == name.lowercased() }
    }
}
