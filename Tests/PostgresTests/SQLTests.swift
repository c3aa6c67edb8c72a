import Testing

@testable import Postgres

@Suite struct SQLTests {
    @Test("numbers placeholders in the order of the values")
    func placeholders() {
        let sql: SQL = "SELECT * FROM \(identifier: "a\"b") WHERE x = \(bind: 1) AND y = \(bind: "two") ORDER BY \(raw: "x DESC")"
        #expect(sql.text == "SELECT * FROM \"a\"\"b\" WHERE x = $1 AND y = $2 ORDER BY x DESC")
        #expect(sql.parameters == [1.postgresParameter, "two".postgresParameter])
    }

    @Test("renumbers the placeholders of pieces where they meet")
    func composition() {
        let first: SQL = "a = \(bind: 1)"
        let second: SQL = "b IN (\(bind: 2), \(bind: 3))"
        let joined = SQL.joined([first, second, "c"], separator: " AND ")
        #expect(joined.text == "a = $1 AND b IN ($2, $3) AND c")
        let twice: SQL = "(\(joined)) OR (\(joined)) LIMIT \(bind: 4)"
        #expect(twice.text == "(a = $1 AND b IN ($2, $3) AND c) OR (a = $4 AND b IN ($5, $6) AND c) LIMIT $7")
        #expect(twice.parameters.count == 7)
    }

    @Test("renumbers across the step from one digit to two")
    func manyPlaceholders() {
        let nine = SQL.joined((1...9).map { "\(bind: $0)" as SQL }, separator: ",")
        #expect((nine + ";" + nine).text == "$1,$2,$3,$4,$5,$6,$7,$8,$9;$10,$11,$12,$13,$14,$15,$16,$17,$18")
        let again: SQL = "x\(nine + nine)y\(nine)"
        #expect(again.text.hasSuffix("$17,$18y$19,$20,$21,$22,$23,$24,$25,$26,$27"))
    }

    @Test("renumbers finished texts, but nothing inside of strings, names and comments")
    func verbatim() {
        let text = "SELECT $1, '$1 '' $1', E'\\'$1', \"$1\", $$ $1 $$, $x$ $$ $1 $x$, a$1 -- $1\n /* $1 /* $1 */ $1 */ , $2, $1"
        let tail = SQL(verbatim: text, parameters: [1.postgresParameter, 2.postgresParameter])
        let sql = ("\(bind: 0), " as SQL) + tail
        let expected =
            "$1, SELECT $2, '$1 '' $1', E'\\'$1', \"$1\", $$ $1 $$, $x$ $$ $1 $x$, a$1 -- $1\n /* $1 /* $1 */ $1 */ , $3, $2"
        #expect(sql.text == expected)
        #expect(sql.parameters.count == 3)
    }

    @Test("keeps the numbers of a finished text that stands first")
    func verbatimFirst() {
        var sql = SQL(verbatim: "SELECT $2, $1", parameters: [1.postgresParameter, 2.postgresParameter])
        sql.append(", \(bind: 3)")
        #expect(sql.text == "SELECT $2, $1, $3")
        #expect((("\(bind: 0) " as SQL) + sql).text == "$1 SELECT $3, $2, $4")
    }

    @Test(
        "survives unfinished quotes and comments",
        arguments: ["'", "\"", "$$", "$x$", "/*", "--", "E'\\", "$", "$a", "/* /*", "''''", "E'", "/"]
    )
    func unfinished(text: String) {
        let sql = ("\(bind: 0)" as SQL) + SQL(verbatim: "$1" + text, parameters: [1.postgresParameter])
        #expect(sql.text == "$1$2" + text)
    }

    @Test("quotes string constants")
    func literals() {
        #expect(SQL.quoted(literal: "it's") == "'it''s'")
        #expect(SQL.quoted(literal: "a\\b") == " E'a\\\\b'")
    }

    @Test("shows no values")
    func description() {
        #expect("\("SELECT \(bind: "secret")" as SQL)" == "SELECT $1")
    }
}
