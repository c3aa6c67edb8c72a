import Catalog
import Files
import Manifests
import NIOHTTP1
import NIOPosix
import QueryLanguage
import Transfer

extension ImportOrder {
    /// Looks through the whole file, on a thread for what blocks.
    ///
    /// - Throws: `ImportError`, with the file under the name that its sender gave it.
    func plan(_ path: String, name: String, catalog: Catalog) async throws -> ImportPlan {
        try await Self.naming(name, at: path) {
            try await NIOThreadPool.singleton.runIfActive {
                try ImportPlan(file: path, sheet: sheet, type: type, catalog: catalog, mapping: mapping, match: match)
            }
        }
    }

    /// Refuses what could only fail row by row, or fill nothing.
    func requireUse(of plan: ImportPlan, name: String) throws {
        try plan.requireClearFormats()
        guard plan.assignments.isEmpty else { return }
        throw APIError(
            .badRequest, "import.unknown_column",
            "No column of \(name) fills a property of \(type.collection); say in mapping which does.", target: "mapping")
    }

    /// Where a file lies on the server tells its sender nothing.
    static func naming<R>(_ name: String, at path: String, _ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as ImportError {
            throw error.rephrased { $0.replacing(path, with: name) }
        }
    }
}

extension ImportPlan {
    /// As `POST /api/imports/plan` answers it.
    func value(of file: StoredFile, for order: ImportOrder) -> Value {
        let assignments = assignments.map { assignment -> Value in
            .complex([
                "source": .string(assignment.source), "to": .string(assignment.target),
                "format": assignment.format.map(Value.string) ?? .null,
                "candidates": .collection((doubts.first { $0.header == assignment.source }?.candidates ?? []).map(Value.string)),
            ])
        }
        return .complex([
            "file_id": .guid(file.id), "format": .string(format.rawValue), "rows": .integer(Int64(rows)),
            "assignments": .collection(assignments), "left_out": .collection(unmapped.map(Value.string)),
            "mapping": format == .vcard ? .null : mapping.value,
            "notes": .collection(notes(createsMissingLinks: order.createsLinks).map(Value.string)),
        ])
    }
}

extension ImportMapping {
    /// What a mapping file has, as JSON.
    var value: Value {
        let columns = columns.map { column -> Value in
            var members: [String: Value] = ["header": .string(column.header), "to": .string(column.target)]
            members["format"] = column.format.map(Value.string)
            members["currency"] = column.currency.map(Value.string)
            members["zone"] = column.zone.map(Value.string)
            if column.replaces { members["replace"] = .bool(true) }
            return .complex(members)
        }
        var members: [String: Value] = [
            "import": .integer(1), "collection": .string(collection), "columns": .collection(columns),
        ]
        if !match.isEmpty { members["match"] = .collection(match.map(Value.string)) }
        return .complex(members)
    }
}
