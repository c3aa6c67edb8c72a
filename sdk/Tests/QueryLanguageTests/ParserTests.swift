import QueryLanguage
import Testing

@Suite("Parser")
struct ParserTests {
    @Test(
        "parses expressions and prints them in canonical form",
        arguments: [
            ("name eq 'Smith'", "name eq 'Smith'"),
            ("Name EQ 'it''s' AND Price LT 2.55", "Name eq 'it''s' and Price lt 2.55"),
            ("a or b and c or d", "a or b and c or d"),
            ("(a or b) and (c or d)", "(a or b) and (c or d)"),
            ("a and b and c", "a and b and c"),
            ("(a and b) and c", "(a and b) and c"),
            ("((a))", "a"),
            ("not a and b", "not a and b"),
            ("not (a and b)", "not (a and b)"),
            ("not(a)", "not a"),
            ("not x in ('a','b')", "not x in ('a','b')"),
            ("-Price", "-Price"),
            ("- 5", "- 5"),
            ("-5", "-5"),
            ("-(-5)", "--5"),
            ("1 add 2 mul 3 sub 4", "1 add 2 mul 3 sub 4"),
            ("(1 add 2) mul (3 sub 4)", "(1 add 2) mul (3 sub 4)"),
            ("1 sub (2 sub 3)", "1 sub (2 sub 3)"),
            ("1 sub 2 sub 3", "1 sub 2 sub 3"),
            ("a gt b eq c lt d", "a gt b eq c lt d"),
            ("a eq (b eq c)", "a eq (b eq c)"),
            ("5 divby 2 eq 2.5", "5 divby 2 eq 2.5"),
            ("x in ('Milk', 'Cheese')", "x in ('Milk','Cheese')"),
            ("x in ()", "x in ()"),
            ("x in (1)", "x in (1)"),
            ("x in (tags)", "x in tags"),
            ("x in [\"Milk\",'Cheese']", "x in [\"Milk\",\"Cheese\"]"),
            ("style has Sales.Pattern'Yellow,Solid'", "style has Sales.Pattern'Yellow,Solid'"),
            ("address/city ne null", "address/city ne null"),
            ("people/any()", "people/any()"),
            ("people/ANY( p : p/age gt 3 )", "people/any(p:p/age gt 3)"),
            ("people/all(p:p/emails/any(e:e/kind eq 'work'))", "people/all(p:p/emails/any(e:e/kind eq 'work'))"),
            ("people/$count gt 3", "people/$count gt 3"),
            ("people/$count(filter=age gt 3;search=\"a b\" OR c) gt 3", "people/$count($filter=age gt 3;$search=\"a b\" OR c) gt 3"),
            ("people/$filter(age gt 3)(1)/name", "people/$filter(age gt 3)(1)/name"),
            ("$it/a eq $this/b", "$it/a eq $this/b"),
            ("$root/People(1)/Name eq 'x'", "$root/People(1)/Name eq 'x'"),
            ("$root/People(a=1,b='x')/Name", "$root/People(a=1,b='x')/Name"),
            ("subject/contacts.person/name", "subject/contacts.person/name"),
            ("Model.Best(color='red')/Name", "Model.Best(color='red')/Name"),
            ("Price/@Measures.Currency#Real eq 'EUR'", "Price/@Measures.Currency#Real eq 'EUR'"),
            ("@Core.Messages/any(m:m/x)", "@Core.Messages/any(m:m/x)"),
            ("@word eq @other/name", "@word eq @other/name"),
            ("CONTAINS( name , 'x' )", "contains(name,'x')"),
            ("substring(name,1,2)", "substring(name,1,2)"),
            ("now( )", "now()"),
            ("case(X gt 0:1,X lt 0:-1,true:0)", "case(X gt 0 : 1,X lt 0 : -1,true : 0)"),
            ("isof(Model.Customer)", "isof(Model.Customer)"),
            ("isof(a/b,Collection(Edm.String))", "isof(a/b,Collection(Edm.String))"),
            ("cast(1 add 2,Edm.String)", "cast(1 add 2,Edm.String)"),
            ("geo.distance(a,geography'SRID=0;Point(1 2)') lt 3", "geo.distance(a,geography'SRID=0;Point(1 2)') lt 3"),
            ("[1,{\"a\":b add 1,\"c\":\"\\u00e9\\n\"},[]]", "[1,{\"a\":b add 1,\"c\":\"é\\n\"},[]]"),
            ("binary'T0RhdGE'", "binary'T0RhdGE'"),
            ("duration'P1DT2H3M4.50S'", "duration'P1DT2H3M4.5S'"),
            ("DURATION'-PT36H'", "duration'-P1DT12H'"),
            ("2024-02-29", "2024-02-29"),
            ("2024-02-29T08:30Z", "2024-02-29T08:30:00Z"),
            ("2024-02-29t08:30:00.123456789+01:30", "2024-02-29T08:30:00.123456+01:30"),
            ("08:30", "08:30:00"),
            ("23:59:59.999999", "23:59:59.999999"),
            ("0190A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
            ("abcdef01-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "abcdef01-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
            ("1.50e3", "1500e0"),
            ("1e-3", "0.001"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "9223372036854775808"),
            ("NaN", "NaN"), ("-INF", "-INF"), ("TRUE", "true"), ("null", "null"),
            ("nullable", "nullable"), ("notes eq 1", "notes eq 1"), ("trueish or falsely", "trueish or falsely"),
            ("größe eq 1", "größe eq 1"),
            ("null/a eq 1", "null/a eq 1"),
        ])
    func canonicalForm(input: String, canonical: String) throws {
        let tree = try Expression.parse(input)
        #expect(tree.text == canonical)
        #expect(try Expression.parse(tree.text) == tree)
    }

    @Test(
        "refuses what the grammar doesn't have, with column and remedy",
        arguments: [
            ("", 1, "Expected a value, a property or a function, found the end."),
            (" a", 1, "found a blank"),
            ("a ", 2, "Expected the end, found a blank."),
            ("name = 'x'", 6, "Did you mean 'eq'?"),
            ("name == 'x'", 6, "Did you mean 'eq'?"),
            ("a != 1", 3, "Did you mean 'ne'?"), ("a <> 1", 3, "Did you mean 'ne'?"), ("a<=1", 2, "Did you mean 'le'?"),
            ("a > 1", 3, "Did you mean 'gt'?"), ("a && b", 3, "Did you mean 'and'?"), ("a || b", 3, "Did you mean 'or'?"),
            ("a eqq 1", 3, "Did you mean 'eq'?"),
            ("a and", 6, "Expected a blank and an operand after 'and'."),
            ("contains(a,'b' and", 19, "Expected a blank and an operand after 'and'."),
            ("(a)and b", 4, "Expected a blank before 'and'."),
            ("a and or b", 10, "Expected an operator"),
            ("name eq \"x\"", 9, "text stands in single quotes"),
            ("name eq 'x", 9, "no closing quote"),
            ("(a eq 1", 8, "Expected ')' for the '(' at column 1."),
            ("a eq 1)", 7, "found ')'"),
            ("a in (b,c)", 7, "A list for 'in' consists of literals"),
            ("(1,2)", 3, "A list in parentheses can only follow 'in'."),
            ("any(x:x/a)", 1, "needs a collection before it"),
            ("a/all()", 7, "Expected a variable and a condition"),
            ("a/any(x)", 8, "Expected ':' after the variable, found ')'."),
            ("contains(a)", 1, "takes 2 arguments, not 1"),
            ("now(1)", 1, "takes no arguments, not 1"),
            ("substring(a)", 1, "takes 2 or 3 arguments, not 1"),
            ("foo(a,b)", 5, "arguments of others are written name=value"),
            ("a/", 3, "Expected a name, found the end."),
            ("a/$cont", 3, "Expected a name, '$count'"),
            ("$its eq 1", 1, "Did you mean '$it'?"),
            ("contacts.person", 16, "Expected '/' or '(' after a name with a dot"),
            ("12x", 3, "found 'x'"),
            ("1.", 2, "found '.'"),
            ("2023-02-29", 1, "There is no such date"),
            ("10000-01-01", 1, "between 0001-01-01 and 9999-12-31"),
            ("2024-02-29T25:00Z", 1, "Expected a date and time"),
            ("2024-02-29T08:00", 1, "Expected a date and time"),
            ("25:00", 1, "Expected a time"),
            ("duration'P1Y'", 1, "Expected a duration"),
            ("{\"a\":1,\"a\":2}", 8, "The member \"a\" is there twice."),
            ("[1,2", 5, "Expected ',' or ']'"),
            ("[\"\\x\"]", 4, "Expected an escape"),
            ("a eq 1 ; b", 8, "Expected an operator or the end, found ';'."),
            ("case(a,b)", 7, "Expected ':' between condition and value"),
            ("a has b", 7, "Expected an enumeration literal"),
        ])
    func refusal(input: String, column: Int, message: String) {
        let error = #expect(throws: QueryError.self) { try Expression.parse(input) }
        #expect(error?.column == column)
        #expect(error?.fullMessage.contains(message) == true, "\(error?.fullMessage ?? "")")
    }

    @Test("takes words in lower case only from a client that speaks 4.0")
    func oldVersion() throws {
        let options = try QueryOptions.parse(urlQuery: "$filter=a eq true&filter=x&$top=1", version: .v40)
        #expect(options.filter?.text == "a eq true")
        #expect(options.custom == [.init(name: "filter", value: "x")])
        #expect(throws: QueryError.self) { try QueryOptions.parse(urlQuery: "$filter=a EQ 1", version: .v40) }
        #expect(throws: QueryError.self) { try QueryOptions.parse(urlQuery: "$Filter=a eq 1", version: .v40) }
    }

    @Test("describes a tree as JSON")
    func json() throws {
        let tree = try Expression.parse("startswith(name,'S') and people/any(p:p/age gt 3)")
        #expect(
            tree.jsonDescription(pretty: false) == """
                {"kind":"and","operands":[{"kind":"call","name":"startswith","arguments":[{"kind":"path","steps":["name"],"column":12},\
                {"kind":"literal","type":"Edm.String","value":"S","column":17}],"column":1},{"kind":"path","steps":["people",{"kind":"any",\
                "variable":"p","condition":{"kind":"gt","left":{"kind":"path","steps":["p","age"],"column":39},"right":{"kind":"literal",\
                "type":"Edm.Int64","value":3,"column":48},"column":39}}],"column":26}],"column":1}
                """)
        let options = try QueryOptions.parse(urlQuery: "top=5&select=a,b/c&expand=d(levels=max)")
        #expect(
            options.jsonDescription() == """
                {
                  "select": [
                    {
                      "path": [
                        "a"
                      ]
                    },
                    {
                      "path": [
                        "b",
                        "c"
                      ]
                    }
                  ],
                  "expand": [
                    {
                      "path": [
                        "d"
                      ],
                      "options": {
                        "levels": "max"
                      }
                    }
                  ],
                  "top": 5
                }
                """)
    }
}
