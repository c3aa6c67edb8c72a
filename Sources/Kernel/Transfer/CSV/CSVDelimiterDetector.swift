/// Finds out what separates the fields of a CSV file.
enum CSVDelimiterDetector {
    private static let sampledRows = 50

    /// The delimiter under which the first rows have the most even number of fields, two or more; comma when there is none.
    static func detect(_ bytes: Span<UInt8>, start: Int, limits: CSVLimits, isWhole: Bool) -> UInt8 {
        var best = (delimiter: CSVOptions.delimiters[0], score: 0.0)
        for delimiter in CSVOptions.delimiters {
            let score = score(delimiter, bytes, start, limits, isWhole)
            if score > best.score { best = (delimiter, score) }
        }
        return best.delimiter
    }

    /// The share of rows that have as many fields as the first, a little more for more fields; much less for a delimiter that spaces
    /// follow, since it is the punctuation of texts then.
    private static func score(_ delimiter: UInt8, _ bytes: Span<UInt8>, _ start: Int, _ limits: CSVLimits, _ isWhole: Bool) -> Double {
        var scanner = CSVScanner(delimiter: delimiter, limits: limits, start: start)
        var (rows, even, width, fields, spaced) = (0, 0, 0, 0, 0)
        while rows < sampledRows, isComplete(&scanner, bytes, isWhole) {
            if rows == 0 { width = scanner.bounds.count }
            rows += 1
            if scanner.bounds.count == width { even += 1 }
            for bound in scanner.bounds.dropFirst() where !bound.isQuoted {
                fields += 1
                let first = scanner.rowStart + Int(bound.start)
                if bound.start < bound.end, bytes[first] == UInt8(ascii: " ") { spaced += 1 }
            }
        }
        guard rows > 0, width > 1 else { return 0 }
        let evenness = Double(even) / Double(rows)
        let spacing = fields == 0 ? 0 : Double(spaced) / Double(fields)
        return evenness * (1 - 0.5 * spacing) + Double(min(width, 100)) / 10_000
    }

    private static func isComplete(_ scanner: inout CSVScanner, _ bytes: Span<UInt8>, _ isWhole: Bool) -> Bool {
        do throws(CSVFault) {
            if try scanner.scan(bytes) { return true }
            return isWhole ? try scanner.finish() : false
        } catch {
            return false
        }
    }

    /// The delimiter of a first line such as `sep=;`, which Excel obeys, and where the next line begins.
    static func namedDelimiter(_ bytes: ArraySlice<UInt8>) -> (delimiter: UInt8, end: Int)? {
        let start = bytes.startIndex
        guard bytes.count >= 6, bytes.prefix(4).map({ $0 | 0x20 }).elementsEqual("sep=".utf8.map { $0 | 0x20 }),
            CSVOptions.delimiters.contains(bytes[start + 4])
        else { return nil }
        switch (bytes[start + 5], bytes.count > 6 ? bytes[start + 6] : 0) {
        case (13, 10): return (bytes[start + 4], start + 7)
        case (13, _), (10, _): return (bytes[start + 4], start + 6)
        default: return nil
        }
    }
}
