/// Why a workbook can't be read.
package struct XLSXError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Bounds on what a workbook may hold, so that no file can fill memory or time.
package struct XLSXLimits: Sendable {
    /// Bytes of one part of the workbook, inflated. 4 GiB: a sheet of a million rows of fifty columns.
    package var partBytes: UInt64
    /// How much larger a part may be than it is in the file, once it is larger than 16 MiB. Real sheets are at most some fifty times so.
    package var inflation: UInt64
    /// Bytes of all shared strings together; they are held in memory. 256 MiB.
    package var sharedBytes: Int
    /// Bytes of one cell's text. 1 MiB; Excel's own limit is 32,767 characters.
    package var cellBytes: Int
    /// Cells of one row. 2,000: PostgreSQL's tables have at most 1,600 columns.
    package var cells: Int

    package init(
        partBytes: UInt64 = 4 << 30, inflation: UInt64 = 500, sharedBytes: Int = 256 << 20, cellBytes: Int = 1 << 20, cells: Int = 2000
    ) {
        self.partBytes = partBytes
        self.inflation = inflation
        self.sharedBytes = sharedBytes
        self.cellBytes = cellBytes
        self.cells = cells
    }
}
