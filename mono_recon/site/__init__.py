"""The download site: what was issued and what is open, for people with a browser.

Here belongs everything that ``mono-recon serve`` shows, and who may see it. The site reads the warehouse and the
packs and changes neither; how a report is made is no business of its own.
"""
