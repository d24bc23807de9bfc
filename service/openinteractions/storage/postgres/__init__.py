"""The store of many machines: interactions and files in PostgreSQL.

Only this package knows the driver, asyncpg, which comes with the extra `postgres`; it
is imported with this package and not before. Rows look like those of SQLite, and
differ in how they are written: several at once, by statements over arrays.
"""
