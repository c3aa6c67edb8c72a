import Catalog
import Glibc
import QueryLanguage

/// Records as the rows of a sheet: numbers, days and truth values as such, everything else as the text that CSV has.
///
/// What a workbook would change stays text: numbers of more than fifteen digits, days before March 1900, moments with parts of a second.
struct XLSXExport: ExportForm {
    let expansions: [(field: Field, selection: String)]
    private let columns: [ExportColumn]
    private let writer: XLSXWriter
    private var result: Result?

    /// The file of the finished workbook.
    private final class Result {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    init(_ columns: [ExportColumn], sheet: String) throws(XLSXError) {
        self.columns = columns
        expansions = columns.compactMap(\.expansion)
        writer = try XLSXWriter(sheet: sheet, headers: columns.map(\.header))
    }

    mutating func add(_ record: [String: Value]) throws {
        try writer.add(columns.map { column in column.cell(record).map { Self.cell($0, column.kind) } ?? .empty })
    }

    mutating func take(atEnd: Bool) throws -> [UInt8]? {
        guard atEnd else { return nil }
        let file = try result ?? Result(writer.finish())
        result = file
        var count = 0
        // SAFETY: at most the capacity is written, and exactly what was written is declared.
        let bytes = [UInt8](unsafeUninitializedCapacity: exportPiece) { buffer, initialized in
            repeat { count = read(file.descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count >= 0 else { throw XLSXError("the workbook can't be read: \(String(cString: strerror(errno)))") }
        return bytes.isEmpty ? nil : bytes
    }

    private static func cell(_ text: String, _ kind: ExportColumn.Kind) -> XLSXWriter.Cell {
        switch kind {
        case .number:
            let digits = text.utf8.filter { $0 >= 0x30 && $0 <= 0x39 }.count
            return digits <= 15 ? Double(text).map { .number($0) } ?? .text(text) : .text(text)
        case .boolean: return .boolean(text == "true")
        case .date: return CalendarDate(text).flatMap { SerialNumber.serial($0) }.map { .date($0) } ?? .text(text)
        case .moment:
            guard let moment = DateTime(text), moment.microseconds % 1_000_000 == 0, let day = SerialNumber.serial(moment.date) else {
                return .text(text)
            }
            let seconds = moment.microseconds / 1_000_000 - Int64(moment.date.daysSinceEpoch) * 86_400
            return .moment(day + Double(seconds) / 86_400)
        case .text: return .text(text)
        }
    }
}
