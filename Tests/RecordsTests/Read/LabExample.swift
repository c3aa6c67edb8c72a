import Catalog
import QueryLanguage
import TestPostgres

@testable import Records

extension Lab {
    /// Three things, one of them full and one deleted, and two groups.
    func storeExample() async throws {
        try await database.execute(
            "INSERT INTO tessera.content (digest, size) VALUES (decode(repeat('00', 32), 'hex'), 7)")
        try await database.execute(
            "INSERT INTO tessera.file (id, name, media_type, size, digest, created_by) VALUES ('\(Self.id(900))', 'a.txt', 'text/plain', 7, "
                + "decode(repeat('00', 32), 'hex'), '\(Self.principal)')")
        try await insert(
            group,
            [
                ["id": .guid(Self.id(1, group: true)), "label": "Alpha", "size": 9_007_199_254_740_993],
                ["id": .guid(Self.id(2, group: true)), "label": "Beta", "size": .null, "deleted_at": "2024-05-06T07:08:09Z"],
                ["id": .guid(Self.id(3, group: true)), "label": "Gamma", "size": 3],
            ])
        try await insert(
            thing,
            [
                Self.full,
                ["id": .guid(Self.id(2)), "name": "empty", "parent_id": .guid(Self.id(1)), "group_id": .guid(Self.id(2, group: true))],
                ["id": .guid(Self.id(3)), "name": "gone", "parent_id": .guid(Self.id(1)), "deleted_at": "2024-05-06T07:08:09.100000Z"],
                ["id": .guid(Self.id(4)), "name": "last", "parent_id": .guid(Self.id(1)), "count": 4],
            ])
        try await insert(
            into: child("emails"),
            [
                [
                    "record_id": .guid(Self.id(1)), "position": 1, "address": "B@x.org", "normalised": "b@x.org", "kind": .null,
                    "is_primary": false, "opted_out": true, "invalid": false,
                ],
                [
                    "record_id": .guid(Self.id(1)), "position": 0, "address": "A@x.org", "normalised": "a@x.org", "kind": "work",
                    "is_primary": true, "opted_out": false, "invalid": false,
                ],
            ])
        try await insert(
            into: child("phones"),
            [
                [
                    "record_id": .guid(Self.id(1)), "position": 0, "number": "+47 22", "normalised": "+4722", "extension": "7",
                    "kind": .null, "is_primary": true, "invalid": true,
                ]
            ])
        try await insert(
            into: child("groups"),
            (1...3).map { number in
                [
                    "source_id": .guid(Self.id(1)), "target_id": .guid(Self.id(number, group: true)), "is_primary": .bool(number == 1),
                    "role": .string("role \(number)"), "since": "2024-02-29", "fee": .decimal(DecimalNumber("1.5000")!),
                    "fee_currency": "EUR",
                ]
            })
    }

    private func child(_ field: String) throws -> TableName {
        guard let table = thing.field(field).flatMap({ thing.childTable(of: $0) }) else {
            throw RecordsError(.internalFault, "no list \(field)")
        }
        return table.name
    }

    private static let full: [String: Value] = [
        "id": .guid(id(1)), "name": "full \"q\" \\ \u{1}é😀", "title": "T", "note": "line\nline", "count": 9_007_199_254_740_993,
        "ratio": .decimal(DecimalNumber("12345678901234.5000")!), "amount": .decimal(DecimalNumber("-0.0100")!), "amount_currency": "EUR",
        "active": true, "day": "2024-02-29", "moment": "2024-02-29T23:30:00.120+02:00", "span": .duration(DayTimeDuration("-P1DT2H0.5S")!),
        "colour": "red", "colours": .collection(["red", "blue"]), "tags": .collection(["b", "a,\"x"]), "homepage": "https://example.org",
        "place_city": "Oslo", "group_id": .guid(id(1, group: true)), "subject_type": "lab.group", "subject_id": .guid(id(3, group: true)),
        "keeper_id": .guid(principal), "attachment_id": .guid(id(900)), "extra": .complex(["a": .collection([1, .null])]), "code": "C1",
        "primary_email": "A@x.org", "primary_phone": "+47 22", "version": 7,
    ]
}
