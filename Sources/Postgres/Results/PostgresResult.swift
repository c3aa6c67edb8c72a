import CLibPQ

/// The rows a statement returned, in the memory libpq received them in. Copying the struct copies a reference.
///
/// Values stay in PostgreSQL's text form until they are asked for. Reading past the end throws; nothing traps.
package struct PostgresResult: Sendable {
    package struct Column: Sendable, Hashable {
        package let name: String
        package let type: PostgresType
    }

    let storage: ResultStorage

    init(storage: ResultStorage) { self.storage = storage }

    /// The result of nothing: no rows, no columns.
    static let nothing = PostgresResult(storage: ResultStorage(empty: ()))

    package var rowCount: Int { storage.rowCount }
    package var columnCount: Int { storage.columnCount }
    package var isEmpty: Bool { storage.rowCount == 0 }

    package var columns: [Column] {
        (0..<storage.columnCount).map { index in
            Column(
                name: PQfname(storage.pointer, Int32(index)).map { String(cString: $0) } ?? "",
                type: PostgresType(rawValue: PQftype(storage.pointer, Int32(index)))
            )
        }
    }

    /// The position of the first column with exactly this name.
    package func columnIndex(_ name: String) -> Int? {
        for index in 0..<storage.columnCount {
            if let candidate = PQfname(storage.pointer, Int32(index)), String(cString: candidate) == name { return index }
        }
        return nil
    }

    /// What the server says it did, such as `UPDATE 3`.
    package var commandTag: String {
        PQcmdStatus(storage.pointer).map { String(cString: $0) } ?? ""
    }

    /// Rows inserted, updated, deleted, copied or selected.
    package var affectedRows: Int {
        PQcmdTuples(storage.pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// true for NULL and for places that don't exist.
    package func isNull(row: Int, column: Int) -> Bool {
        guard contains(row: row, column: column) else { return true }
        return PQgetisnull(storage.pointer, Int32(row), Int32(column)) != 0
    }

    /// Gives the bytes of one value, nil for NULL, without copying them. They must not outlive the call.
    package func withBytes<R>(row: Int, column: Int, _ body: (UnsafeRawBufferPointer?) throws -> R) throws -> R {
        try check(row: row, column: column)
        return try body(bytes(row: row, column: column))
    }

    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, row: Int, column: Int) throws -> T {
        try check(row: row, column: column)
        let cell = PostgresCell(
            bytes: bytes(row: row, column: column), type: PostgresType(rawValue: PQftype(storage.pointer, Int32(column)))
        )
        do throws(PostgresCell.Mismatch) {
            return try T.decode(cell)
        } catch {
            let name = PQfname(storage.pointer, Int32(column)).map { String(cString: $0) } ?? ""
            throw PostgresError(.decode, "Row \(row), column \(column) (\(name), \(cell.type)) \(error.reason); asked for \(T.self).")
        }
    }

    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, row: Int, column name: String) throws -> T {
        guard let index = columnIndex(name) else { throw PostgresError(.decode, "The result has no column \"\(name)\".") }
        return try decode(type, row: row, column: index)
    }

    package func text(row: Int, column: Int) throws -> String { try decode(row: row, column: column) }
    package func int64(row: Int, column: Int) throws -> Int64 { try decode(row: row, column: column) }
    package func uuid(row: Int, column: Int) throws -> PostgresUUID { try decode(row: row, column: column) }
    package func bool(row: Int, column: Int) throws -> Bool { try decode(row: row, column: column) }

    package var rows: PostgresRows { PostgresRows(result: self) }
    package var first: PostgresRow? { rows.first }

    private func contains(row: Int, column: Int) -> Bool {
        row >= 0 && row < storage.rowCount && column >= 0 && column < storage.columnCount
    }

    private func check(row: Int, column: Int) throws {
        guard contains(row: row, column: column) else {
            throw PostgresError(
                .decode, "Row \(row), column \(column) lies outside the result of \(rowCount) rows and \(columnCount) columns."
            )
        }
    }

    private func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(storage.pointer, row, column) == 0, let start = PQgetvalue(storage.pointer, row, column) else { return nil }
        // SAFETY: the result outlives the call the pointer is handed to; libpq ends every value with a NUL beyond this length.
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(storage.pointer, row, column)))
    }
}

/// The rows of a result as a collection of views into it.
package struct PostgresRows: RandomAccessCollection, Sendable {
    package let result: PostgresResult

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.rowCount }
    package subscript(position: Int) -> PostgresRow { PostgresRow(result: result, index: position) }
}

/// One row of a result.
package struct PostgresRow: Sendable {
    package let result: PostgresResult
    package let index: Int

    package func isNull(_ column: Int) -> Bool { result.isNull(row: index, column: column) }

    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, _ column: Int) throws -> T {
        try result.decode(type, row: index, column: column)
    }

    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, _ column: String) throws -> T {
        try result.decode(type, row: index, column: column)
    }

    package func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> R) throws -> R {
        try result.withBytes(row: index, column: column, body)
    }
}

/// Owns a PGresult.
///
/// SAFETY: libpq never changes a result after handing it out, and reading one from several threads is allowed
/// (PostgreSQL manual, 34.20 Behavior in Threaded Programs).
final class ResultStorage: @unchecked Sendable {
    /// libpq reads nil as a result without rows.
    let pointer: OpaquePointer?
    let rowCount: Int
    let columnCount: Int

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        self.rowCount = Int(PQntuples(pointer))
        self.columnCount = Int(PQnfields(pointer))
    }

    init(empty: Void) {
        pointer = nil
        rowCount = 0
        columnCount = 0
    }

    deinit { PQclear(pointer) }
}
