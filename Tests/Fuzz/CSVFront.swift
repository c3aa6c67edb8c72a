import Transfer

/// The CSV reader: whole, in small pieces, and with tight limits.
struct CSVFront: Front {
    static let name = "csv"
    static let longestInput = 96 << 10
    static let dictionary = [
        ",", ";", "\t", "|", "\"", "\"\"", "\r", "\n", "\r\n", "sep=;\n", "sep=\t\r\n", "\"a\"", "\"a\"\"b\"", "\"a\nb\"", "\" ", " \"",
        "first_name", "Last Name;Email", "€",
        "1.234,56", "1,234.56", "2024-02-29", "31.12.1999", "=cmd()", "a,b,c\n", ",,,,\n", "\"\",\"\"\n", "   ", "\u{FEFF}", "\u{2028}",
    ]

    func run(_ input: [UInt8]) -> Outcome {
        let whole = read(input, CSVOptions(), piece: .max)
        var finding: String?
        for delimiter in CSVOptions.delimiters.prefix(2) {
            let named = CSVOptions(delimiter: delimiter)
            let atOnce = read(input, named, piece: .max)
            let inPieces = read(input, named, piece: 1 + input.count % 37)
            if atOnce != inPieces { finding = "pieces of \(1 + input.count % 37) bytes read differently than the whole" }
        }
        let tight = read(input, CSVOptions(limits: CSVLimits(fieldBytes: 16, fields: 4, rowBytes: 48)), piece: .max)
        // A byte of Windows-1252 is up to three of UTF-8.
        if tight.longest > 48 { finding = "a field of \(tight.longest) bytes where 16 are allowed" }
        if finding == nil, whole.error == nil { finding = writeAndRead(whole) }
        return Outcome("\(whole.shape) | \(tight.shape)", finding: finding)
    }

    private struct Reading: Equatable {
        var rows: [[String]] = []
        var error: String?
        var longest = 0
        var delimiter: UInt8?
        var encoding: String?

        var shape: String {
            let widths = Set(rows.map { min($0.count, 6) }).sorted()
            let count = rows.count < 4 ? rows.count : 4
            return "\(delimiter ?? 0) \(encoding ?? "-") \(count) \(widths) \(min(longest, 3)) \(error?.withoutDetails ?? "")"
        }
    }

    private func read(_ input: [UInt8], _ options: CSVOptions, piece: Int) -> Reading {
        var reader = CSVReader(options)
        var reading = Reading()
        var row = TableRow()
        var start = 0
        do throws(CSVError) {
            while start < input.count {
                let end = piece < input.count - start ? start + piece : input.count
                reader.append(input[start..<end])
                start = end
                while try reader.next(into: &row) { note(row, &reading) }
            }
            reader.finish()
            while try reader.next(into: &row) { note(row, &reading) }
        } catch {
            reading.error = error.line < 1 || error.column < 1 || error.field < 1 ? "an error without a place" : error.description
        }
        reading.delimiter = reader.delimiter
        reading.encoding = reader.encoding?.rawValue
        return reading
    }

    private func note(_ row: TableRow, _ reading: inout Reading) {
        for index in 0..<row.count { reading.longest = max(reading.longest, row[index].count) }
        reading.rows.append(row.texts)
    }

    /// What the writer makes of the rows, the reader must give back.
    private func writeAndRead(_ reading: Reading) -> String? {
        var writer = CSVWriter()
        for row in reading.rows {
            for field in row { writer.field(field) }
            writer.endRow()
        }
        let written = writer.take()
        let again = read(written, CSVOptions(delimiter: UInt8(ascii: ","), encoding: .utf8), piece: .max)
        return again.rows == reading.rows ? nil : "rows differ after being written and read again"
    }
}
