"""Real streets of North American cities, with the coordinates of a point on them (degrees WGS 84, a few decimals).

A city's line: name | state | country | county | Rails time zone | IANA time zone. A street's line, indented: name |
latitude | longitude | postal code. Points stand well away from water, so that a few hundred metres stay on land.
"""

AMERICAS = """
Boston|MA|US|Suffolk|Eastern Time (US & Canada)|America/New_York
 Centre Street|42.3130|-71.1140|02130
 Washington Street|42.3270|-71.0830|02119
 Harvard Avenue|42.3520|-71.1310|02134
New York|NY|US|New York|Eastern Time (US & Canada)|America/New_York
 Lenox Avenue|40.8080|-73.9450|10027
 Nostrand Avenue|40.6720|-73.9500|11216
 Queens Boulevard|40.7340|-73.8700|11373
 Grand Concourse|40.8370|-73.9190|10456
Philadelphia|PA|US|Philadelphia|Eastern Time (US & Canada)|America/New_York
 North Broad Street|39.9810|-75.1560|19121
 Baltimore Avenue|39.9480|-75.2180|19143
 Germantown Avenue|40.0340|-75.1730|19144
Washington|DC|US|District of Columbia|Eastern Time (US & Canada)|America/New_York
 Georgia Avenue NW|38.9370|-77.0240|20011
 Connecticut Avenue NW|38.9450|-77.0640|20008
Pittsburgh|PA|US|Allegheny|Eastern Time (US & Canada)|America/New_York
 Forbes Avenue|40.4380|-79.9230|15217
 Penn Avenue|40.4640|-79.9400|15224
Atlanta|GA|US|Fulton|Eastern Time (US & Canada)|America/New_York
 Peachtree Street NE|33.7870|-84.3840|30309
 Ponce de Leon Avenue NE|33.7740|-84.3620|30308
 Cascade Road SW|33.7230|-84.4620|30311
Charlotte|NC|US|Mecklenburg|Eastern Time (US & Canada)|America/New_York
 Central Avenue|35.2200|-80.8090|28205
 South Boulevard|35.2020|-80.8640|28203
Nashville|TN|US|Davidson|Central Time (US & Canada)|America/Chicago
 Nolensville Pike|36.1080|-86.7450|37211
 West End Avenue|36.1450|-86.8110|37203
Orlando|FL|US|Orange|Eastern Time (US & Canada)|America/New_York
 East Colonial Drive|28.5540|-81.3450|32803
 South Orange Blossom Trail|28.4880|-81.3970|32839
Miami|FL|US|Miami-Dade|Eastern Time (US & Canada)|America/New_York
 Southwest 8th Street|25.7650|-80.2440|33135
 Northwest 36th Street|25.8090|-80.2300|33142
Houston|TX|US|Harris|Central Time (US & Canada)|America/Chicago
 Westheimer Road|29.7430|-95.4010|77006
 North Shepherd Drive|29.8070|-95.4100|77008
 Bellaire Boulevard|29.7050|-95.5370|77036
Austin|TX|US|Travis|Central Time (US & Canada)|America/Chicago
 Burnet Road|30.3400|-97.7390|78757
 East Riverside Drive|30.2340|-97.7190|78741
Dallas|TX|US|Dallas|Central Time (US & Canada)|America/Chicago
 Greenville Avenue|32.8250|-96.7700|75206
 Lemmon Avenue|32.8240|-96.8250|75219
Chicago|IL|US|Cook|Central Time (US & Canada)|America/Chicago
 North Milwaukee Avenue|41.9160|-87.6880|60647
 West Cermak Road|41.8520|-87.6900|60608
 West 63rd Street|41.7790|-87.6650|60636
Minneapolis|MN|US|Hennepin|Central Time (US & Canada)|America/Chicago
 East Lake Street|44.9480|-93.2480|55407
 Central Avenue NE|45.0130|-93.2470|55418
Detroit|MI|US|Wayne|Eastern Time (US & Canada)|America/Detroit
 Woodward Avenue|42.3710|-83.0770|48202
 Livernois Avenue|42.4160|-83.1410|48221
Columbus|OH|US|Franklin|Eastern Time (US & Canada)|America/New_York
 North High Street|39.9950|-83.0070|43201
 Parsons Avenue|39.9320|-82.9830|43207
Kansas City|MO|US|Jackson|Central Time (US & Canada)|America/Chicago
 Troost Avenue|39.0440|-94.5710|64110
 Prospect Avenue|39.0700|-94.5550|64128
St. Louis|MO|US|St. Louis City|Central Time (US & Canada)|America/Chicago
 South Grand Boulevard|38.6050|-90.2420|63118
 Delmar Boulevard|38.6530|-90.2790|63112
Denver|CO|US|Denver|Mountain Time (US & Canada)|America/Denver
 East Colfax Avenue|39.7400|-104.9500|80206
 South Federal Boulevard|39.6890|-105.0250|80219
 Tennyson Street|39.7730|-105.0440|80212
Salt Lake City|UT|US|Salt Lake|Mountain Time (US & Canada)|America/Denver
 South State Street|40.7400|-111.8880|84115
 East 2100 South|40.7255|-111.8620|84106
Phoenix|AZ|US|Maricopa|Arizona|America/Phoenix
 North Central Avenue|33.4940|-112.0740|85012
 East McDowell Road|33.4660|-112.0300|85006
Las Vegas|NV|US|Clark|Pacific Time (US & Canada)|America/Los_Angeles
 East Charleston Boulevard|36.1590|-115.1200|89104
 South Decatur Boulevard|36.1300|-115.2080|89102
Los Angeles|CA|US|Los Angeles|Pacific Time (US & Canada)|America/Los_Angeles
 Wilshire Boulevard|34.0620|-118.3050|90010
 Crenshaw Boulevard|34.0150|-118.3350|90008
 Figueroa Street|34.1100|-118.1920|90042
San Diego|CA|US|San Diego|Pacific Time (US & Canada)|America/Los_Angeles
 El Cajon Boulevard|32.7550|-117.1110|92104
 Imperial Avenue|32.7050|-117.1000|92102
San Francisco|CA|US|San Francisco|Pacific Time (US & Canada)|America/Los_Angeles
 Mission Street|37.7520|-122.4180|94110
 Geary Boulevard|37.7810|-122.4600|94118
Sacramento|CA|US|Sacramento|Pacific Time (US & Canada)|America/Los_Angeles
 Stockton Boulevard|38.5460|-121.4590|95820
 Broadway|38.5540|-121.4780|95818
Portland|OR|US|Multnomah|Pacific Time (US & Canada)|America/Los_Angeles
 Southeast Division Street|45.5048|-122.6200|97206
 North Lombard Street|45.5770|-122.6870|97217
Seattle|WA|US|King|Pacific Time (US & Canada)|America/Los_Angeles
 Rainier Avenue South|47.5640|-122.2900|98118
 Greenwood Avenue North|47.6900|-122.3550|98103
Anchorage|AK|US|Anchorage|Alaska|America/Anchorage
 Spenard Road|61.1960|-149.9060|99503
Honolulu|HI|US|Honolulu|Hawaii|Pacific/Honolulu
 South Beretania Street|21.2990|-157.8380|96826
Toronto|ON|CA|Toronto|Eastern Time (US & Canada)|America/Toronto
 Dundas Street West|43.6510|-79.4310|M6J 1X3
 Danforth Avenue|43.6820|-79.3300|M4C 1H5
 Eglinton Avenue West|43.6960|-79.4500|M6E 2H3
Ottawa|ON|CA|Ottawa|Eastern Time (US & Canada)|America/Toronto
 Somerset Street West|45.4090|-75.7090|K1R 5J2
Montréal|QC|CA|Montréal|Eastern Time (US & Canada)|America/Toronto
 rue Saint-Denis|45.5290|-73.5830|H2J 2L1
 boulevard Décarie|45.4930|-73.6330|H3X 2H8
 rue Jean-Talon Est|45.5460|-73.6070|H2R 1V3
Québec|QC|CA|Capitale-Nationale|Eastern Time (US & Canada)|America/Toronto
 chemin Sainte-Foy|46.7900|-71.2600|G1S 2J3
Halifax|NS|CA|Halifax|Atlantic Time (Canada)|America/Halifax
 Quinpool Road|44.6460|-63.5960|B3L 1A1
Winnipeg|MB|CA|Winnipeg|Central Time (US & Canada)|America/Winnipeg
 Portage Avenue|49.8850|-97.1900|R3G 0V7
Calgary|AB|CA|Calgary|Mountain Time (US & Canada)|America/Edmonton
 17 Avenue SW|51.0378|-114.0870|T2T 0A2
 Centre Street N|51.0760|-114.0626|T2E 2R4
Edmonton|AB|CA|Edmonton|Mountain Time (US & Canada)|America/Edmonton
 Whyte Avenue|53.5182|-113.4930|T6E 1X9
Vancouver|BC|CA|Metro Vancouver|Pacific Time (US & Canada)|America/Vancouver
 Main Street|49.2480|-123.1010|V5V 3P5
 Kingsway|49.2390|-123.0650|V5R 5J7
"""
