import CLibXLSXWriter
import Glibc
import QueryLanguage

/// Writes one sheet through libxlsxwriter, row by row: only the current row is in memory, the rest in files without names until the end.
final class XLSXWriter {
    enum Cell {
        case empty
        case text(String)
        case number(Double)
        case boolean(Bool)
        case date(Double)
        case moment(Double)
    }

    private let path: String
    private var workbook: UnsafeMutablePointer<lxw_workbook>?
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let heading: UnsafeMutablePointer<lxw_format>
    private let day: UnsafeMutablePointer<lxw_format>
    private let moment: UnsafeMutablePointer<lxw_format>
    private var row: UInt32 = 0

    /// Rows below the header that a sheet can hold.
    static let mostRows = 1_048_575
    /// Characters (UTF-16) of a cell.
    static let longestText = 32_767

    /// - Throws: when no file can be made in the folder for such files.
    init(sheet name: String, headers: [String]) throws(XLSXError) {
        var template = Array("/tmp/tessera-export.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw XLSXError("no file can be made in /tmp: \(String(cString: strerror(errno)))") }
        close(descriptor)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var options = lxw_workbook_options(constant_memory: 1, tmpdir: nil, use_zip64: 1)
        guard let book = workbook_new_opt(path, &options), let added = workbook_add_worksheet(book, String(name.prefix(31))),
            let heading = workbook_add_format(book), let day = workbook_add_format(book), let moment = workbook_add_format(book)
        else {
            unlink(path)
            throw XLSXError("the workbook can't be begun")
        }
        workbook = book
        sheet = added
        self.heading = heading
        self.day = day
        self.moment = moment
        format_set_bold(heading)
        format_set_num_format(day, "yyyy-mm-dd")
        format_set_num_format(moment, "yyyy-mm-dd hh:mm:ss")
        worksheet_freeze_panes(sheet, 1, 0)
        if !headers.isEmpty { worksheet_set_column(sheet, 0, UInt16(headers.count - 1), 18, nil) }
        for (column, header) in headers.enumerated() { worksheet_write_string(sheet, 0, UInt16(column), header, heading) }
    }

    deinit {
        if let workbook { workbook_close(workbook) }
        unlink(path)
    }

    func add(_ cells: [Cell]) throws(XLSXError) {
        row += 1
        guard row <= Self.mostRows else { throw XLSXError("a sheet holds \(Self.mostRows) records; export CSV, or less with a filter") }
        for (index, cell) in cells.enumerated() {
            let column = UInt16(index)
            let status: lxw_error
            switch cell {
            case .empty: continue
            case .text(let text):
                guard text.utf16.count <= Self.longestText else {
                    throw XLSXError(
                        "record \(row) has a text of more than \(Self.longestText) characters, which no workbook holds; export CSV")
                }
                status = worksheet_write_string(sheet, row, column, XLSXText.escaped(text), nil)
            case .number(let number): status = worksheet_write_number(sheet, row, column, number, nil)
            case .boolean(let flag): status = worksheet_write_boolean(sheet, row, column, flag ? 1 : 0, nil)
            case .date(let serial): status = worksheet_write_number(sheet, row, column, serial, day)
            case .moment(let serial): status = worksheet_write_number(sheet, row, column, serial, moment)
            }
            guard status == LXW_NO_ERROR else { throw XLSXError("record \(row) can't be written: \(Self.reason(status))") }
        }
    }

    /// Ends the workbook and opens the file that holds it, which has no name from then on.
    func finish() throws(XLSXError) -> Int32 {
        guard let workbook else { throw XLSXError("the workbook is written already") }
        self.workbook = nil
        let status = workbook_close(workbook)
        guard status == LXW_NO_ERROR else { throw XLSXError("the workbook can't be written: \(Self.reason(status))") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw XLSXError("the workbook can't be read: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    private static func reason(_ status: lxw_error) -> String {
        lxw_strerror(status).map { String(cString: $0) } ?? "error \(status.rawValue)"
    }
}
